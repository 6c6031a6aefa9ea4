-- Lets the buyer in if a place is free that is not for somebody in front, else keeps or gives it a place in the queue.
-- ARGV[3] places   ARGV[4] ms of the server's clock before which nobody is let in
-- returns {when its place ends, in ms}, or
--   {position, buyers who wait, ms that it probably waits or -1, seconds after which it shall ask again}, or
--   {} where silent buyers may still be in front: it has its place in the queue, and is to be called again at once
local places, opens_at = tonumber(ARGV[3]), tonumber(ARGV[4])
local SWEEP = 100 -- silent buyers looked at in one call
local LATE_MS = 5000 -- so much later than told a buyer may ask, and nobody passes
local LONGEST_PAUSE = 30 -- seconds
local SHARE = 4 -- asks so many times on its way, if the estimate is right
local FIRST_GUESS_MS = 4000 -- how long a place is kept, as long as nobody knows

ended(call('ZREMRANGEBYSCORE', INSIDE, '-inf', now), place_ttl)
local ends = call('ZSCORE', INSIDE, buyer)
if ends then
  return { tonumber(ends) }
end

-- Its turn counts from now, however long the silent ones take; and it is not silent.
if not call('ZSCORE', QUEUE, buyer) then
  local due = call('ZSCORE', DUE, buyer)
  local ticket = due and tonumber(due) > now and call('ZSCORE', AWAY, buyer)
  call('ZREM', AWAY, buyer)
  call('ZADD', QUEUE, ticket or call('HINCRBY', ROOM, 'tickets', 1), buyer)
end
call('ZADD', DUE, now + LATE_MS, buyer)

local silent = call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, SWEEP)
for _, gone in ipairs(silent) do
  local ticket = call('ZSCORE', QUEUE, gone)
  if ticket then
    call('ZREM', QUEUE, gone)
    call('ZADD', AWAY, ticket, gone)
    call('ZADD', DUE, now + AWAY_MS, gone)
  else
    call('ZREM', AWAY, gone)
    call('ZREM', DUE, gone)
  end
end
if #silent == SWEEP then
  remember()
  return {}
end

local rank = call('ZRANK', QUEUE, buyer)
local free = places - call('ZCARD', INSIDE)

if rank < free and now >= opens_at then
  ends = now + place_ttl
  call('ZREM', QUEUE, buyer)
  call('ZREM', DUE, buyer)
  call('ZADD', INSIDE, ends, buyer)
  remember()
  return { ends }
end

local kept = tonumber(call('HGET', ROOM, 'kept'))
local turns = math.max(rank + 1 - free, 0)
local wait = math.max(opens_at - now, 0) + turns * (kept or FIRST_GUESS_MS) / places
local pause = math.min(math.max(math.ceil(wait / 1000 / SHARE), 1), LONGEST_PAUSE)
call('ZADD', DUE, now + pause * 1000 + LATE_MS, buyer)
remember()
return { rank + 1, call('ZCARD', QUEUE), (kept or turns == 0) and math.ceil(wait) or -1, pause }
