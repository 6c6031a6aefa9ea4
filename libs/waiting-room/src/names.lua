-- What both scripts begin with. A waiting room has n places: permits, as those of the semaphore in libs/lock, but their holders
-- are buyers, who are known by what they ask and by nothing else.
--   KEYS[1] inside: sorted set, buyer -> when its place ends, in ms of the server's clock
--   KEYS[2] queue: sorted set, waiting buyer -> ticket, first come first
--   KEYS[3] away: the same of those who did not ask again in time: they are passed over until they do
--   KEYS[4] due: sorted set, buyer who waits or is away -> until when it is so
--   KEYS[5] room: hash, tickets -> the last one given out, kept -> moving average of how long places were kept, in ms
--   ARGV[1] buyer   ARGV[2] ms that a place lasts
-- Each call looks at a bounded number of buyers, however many wait.

local call = redis.call
local INSIDE, QUEUE, AWAY, DUE, ROOM = unpack(KEYS)
local buyer, place_ttl = ARGV[1], tonumber(ARGV[2])
local AWAY_MS = 300000 -- a buyer who is silent for longer has to queue anew
local WEIGHT = 0.1 -- of the latest place in the average

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
