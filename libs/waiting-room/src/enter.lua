-- Lets the buyer in if a place is free that is not for somebody in front, else keeps or gives it a place in the queue.
-- ARGV[3] places   ARGV[4] ms of the server's clock before which nobody is let in
-- returns {when its place ends, in ms}, or
--   {position, buyers who wait, ms that it probably waits or -1, seconds after which it shall ask again}
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

for _, silent in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, SWEEP)) do
  local ticket = call('ZSCORE', QUEUE, silent)
  if ticket then
    call('ZREM', QUEUE, silent)
    call('ZADD', AWAY, ticket, silent)
    call('ZADD', DUE, now + AWAY_MS, silent)
  else
    call('ZREM', AWAY, silent)
    call('ZREM', DUE, silent)
  end
end

if not call('ZSCORE', QUEUE, buyer) then
  local ticket = call('ZSCORE', AWAY, buyer) or call('HINCRBY', ROOM, 'tickets', 1)
  call('ZREM', AWAY, buyer)
  call('ZADD', QUEUE, ticket, buyer)
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
