-- Takes a permit if one is free and nobody was here before, else joins the queue. Asking again keeps the place.
-- returns {1, token, ttl} when granted, else {0, the last token given out, ms until the next permit runs out}
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

if redis.call('EXISTS', QUEUE) == 0 and redis.call('ZCARD', HOLDERS) < permits then
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
