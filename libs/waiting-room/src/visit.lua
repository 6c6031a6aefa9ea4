-- A buyer enters a waiting room, asks again, or goes. A room has n places: permits, as those of the semaphore in libs/lock, but
-- their holders are buyers, who are known by what they ask and by nothing else.
-- Each call looks at a bounded number of buyers, however many wait.
-- KEYS[1] inside: sorted set, buyer -> when its place ends, in ms of the server's clock
-- KEYS[2] queue: sorted set, waiting buyer -> ticket, first come first
-- KEYS[3] away: the same of those who did not ask again in time: they are passed over until they do
-- KEYS[4] due: sorted set, buyer who waits or is away -> until when it is so
-- KEYS[5] room: hash, tickets -> the last one given out, kept -> moving average of how long places were kept, in ms
-- ARGV[1] buyer   ARGV[2] ms that a place lasts
-- ARGV[3] 'enter', also to ask again; 'end-place'; 'leave': ends the place, and stops to wait
-- ARGV[4] places   ARGV[5] ms of the server's clock before which nobody is let in; both only to enter
-- returns to one that enters {when its place ends, in ms}, or
--   {position, buyers who wait, ms that it probably waits or -1, seconds after which it shall ask again}, or
--   {} where silent buyers may still be in front: it has its place in the queue, and is to be called again at once
-- returns nothing to one that goes
local call = redis.call
local INSIDE, QUEUE, AWAY, DUE, ROOM = unpack(KEYS)
local buyer, place_ttl, action, places, opens_at =
  ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local AWAY_MS = 300000 -- a buyer who is silent for longer has to queue anew
local WEIGHT = 0.1 -- of the latest place in the average
local SWEEP = 100 -- silent buyers looked at in one call
local LATE_MS = 5000 -- so much later than told a buyer may ask, and nobody passes
local LONGEST_PAUSE = 30 -- seconds
local SHARE = 4 -- asks so many times on its way, if the estimate is right
local FIRST_GUESS_MS = 4000 -- how long a place is kept, as long as nobody knows

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function ended(count, kept)
  if count > 0 then
    local average = call('HGET', ROOM, 'kept') or kept
    call('HSET', ROOM, 'kept', kept + (average - kept) * (1 - WEIGHT) ^ count)
  end
end

-- Nothing is left of a room that nobody comes to.
local function remember()
  for _, key in ipairs(KEYS) do
    call('PEXPIRE', key, place_ttl + AWAY_MS)
  end
end

local function end_place()
  local ends = call('ZSCORE', INSIDE, buyer)
  if ends and tonumber(ends) > now then -- what ran out before is counted by whoever enters next
    call('ZREM', INSIDE, buyer)
    ended(1, place_ttl - (ends - now))
    remember()
  end
end

if action ~= 'enter' then
  end_place()
  if action == 'leave' then
    call('ZREM', QUEUE, buyer)
    call('ZREM', AWAY, buyer)
    call('ZREM', DUE, buyer)
  end
  return
end

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
