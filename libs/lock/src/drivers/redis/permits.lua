-- Shared by the scripts of this driver, which are appended to it. A resource has n permits; a lock is the case n = 1.
--   KEYS[1] holders: sorted set, holder -> when its permit runs out, in ms of the server's clock
--   KEYS[2] queue: list of waiting holders, first come first
--   KEYS[3] the last token given out
--   ARGV[1] holder: "<client>:<n>", or "<client>:<n>:fenced" where all that it writes is guarded by its token
--   ARGV[2] ttl in ms
-- What is the same in every call is put in front of the script, so that it need not be sent each time (scripts.ts):
--   PERMITS   TOKENS: how many tokens a grant comes with, from the one it is told upwards
--   CLAIM_TTL: ms that a waiter which was handed a permit has to extend it
--   CHANNEL_PREFIX: the process of a holder listens on "<channel prefix><client>"
--   COUNT_LISTENERS: whether a process without a listener is gone or cut off. A Redis Cluster counts them per node.

local HOLDERS, QUEUE, TOKEN = KEYS[1], KEYS[2], KEYS[3]
local holder, ttl = ARGV[1], tonumber(ARGV[2])
local TOKEN_MEMORY_MS = 86400000
local QUEUE_MEMORY_MS = 60000 -- every live waiter asks again well within this, so that only a dead queue vanishes

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = now_us / 1000

local function channel_of(someone)
  return CHANNEL_PREFIX .. string.match(someone, '^[^:]+')
end

local function seems_gone(someone)
  return COUNT_LISTENERS and someone ~= holder and redis.call('PUBSUB', 'NUMSUB', channel_of(someone))[2] == 0
end

-- Tokens are the server's microseconds, pushed up where that would not grow: they go on growing although the counter
-- expired or a failover lost it. They stay exact as doubles until the year 2255.
local function next_token()
  local last = tonumber(redis.call('GET', TOKEN) or '0')
  local token = math.max(now_us, last + 1)
  redis.call('SET', TOKEN, string.format('%.0f', token + TOKENS - 1), 'PX', TOKEN_MEMORY_MS)
  return string.format('%.0f', token)
end

-- The set lives as long as its longest permit.
local function hold_until(someone, moment)
  redis.call('ZADD', HOLDERS, moment, someone)
  if PERMITS > 1 then
    moment = redis.call('ZRANGE', HOLDERS, -1, -1, 'WITHSCORES')[2]
  end
  redis.call('PEXPIREAT', HOLDERS, math.ceil(moment))
end

-- A permit that ran out is its holder's for as long as nobody has looked: whoever grants looks first.
local function free_permits()
  redis.call('ZREMRANGEBYSCORE', HOLDERS, '-inf', now)
  return PERMITS - redis.call('ZCARD', HOLDERS)
end

-- Waiters whose processes are gone drop out.
local function first_waiter()
  local first = redis.call('LINDEX', QUEUE, 0)
  while first and seems_gone(first) do
    redis.call('LPOP', QUEUE)
    first = redis.call('LINDEX', QUEUE, 0)
  end
  return first
end

-- Gives the free permits to the first waiters and wakes only those. Granted and published in one atomic step: nobody can
-- see one without the other.
local function hand_over()
  for _ = 1, free_permits() do
    local heir = first_waiter()
    if not heir then
      return
    end
    redis.call('LPOP', QUEUE)
    hold_until(heir, now + CLAIM_TTL)
    if heir ~= holder then
      redis.call('PUBLISH', channel_of(heir), heir .. ' ' .. next_token())
    end
  end
end

local function grant()
  hold_until(holder, now + ttl)
  return { 1, next_token(), ttl }
end

local function is_fenced(someone)
  return string.sub(someone, -7) == ':fenced'
end

-- A holder whose process is gone need not be waited for, if its writes would be refused should it live on after all.
-- Both sides must be fenced: what raises the fence above the old holder's token is the work of the new one.
local function evict_one_that_is_gone()
  for _, other in ipairs(redis.call('ZRANGE', HOLDERS, 0, -1)) do
    if is_fenced(other) and seems_gone(other) then
      redis.call('ZREM', HOLDERS, other)
      return
    end
  end
end

-- Takes a permit if one is free and nobody was here before, else joins the queue. Asking again keeps the place.
-- returns {1, token, ttl} when granted, else {0, the last token given out, ms until the next permit runs out}
local function acquire()
  if redis.call('EXISTS', QUEUE) == 0 and (redis.call('EXISTS', HOLDERS) == 0 or free_permits() > 0) then
    return grant()
  end
  if redis.call('ZSCORE', HOLDERS, holder) then -- granted before, but the answer or the wake-up got lost
    return grant()
  end
  if not redis.call('LPOS', QUEUE, holder) then
    redis.call('RPUSH', QUEUE, holder)
  end
  redis.call('PEXPIRE', QUEUE, QUEUE_MEMORY_MS)
  hand_over()
  if is_fenced(holder) and first_waiter() == holder then
    evict_one_that_is_gone()
    hand_over()
  end
  if redis.call('ZSCORE', HOLDERS, holder) then
    return grant()
  end
  local first = redis.call('ZRANGE', HOLDERS, 0, 0, 'WITHSCORES')
  return { 0, redis.call('GET', TOKEN) or '0', math.ceil(first[2] - now) }
end
