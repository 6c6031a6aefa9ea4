-- Takes the lock if it is free and nobody was here before, else joins the queue. Asking again keeps the place.
-- ARGV[1] holder   ARGV[2] ttl ms   ARGV[3] channel prefix   ARGV[4] claim ttl ms
-- returns {token} when granted, else {false, ms until the lock runs out}
local holder, ttl = ARGV[1], ARGV[2]

if redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then
  return { grant(holder, ttl) }
end
local token = token_of(holder) -- handed over but the wake-up got lost, or an earlier answer did
if not token then
  if not redis.call('LPOS', KEYS[2], holder) then
    redis.call('RPUSH', KEYS[2], holder)
  end
  redis.call('PEXPIRE', KEYS[2], QUEUE_MEMORY_MS)
  if redis.call('EXISTS', KEYS[1]) == 0 then
    hand_over(ARGV[3], ARGV[4]) -- the last holder vanished; the first live waiter may be somebody else
    token = token_of(holder)
  end
end
if token then
  redis.call('PEXPIRE', KEYS[1], ttl)
  return { token }
end
return { false, redis.call('PTTL', KEYS[1]) }
