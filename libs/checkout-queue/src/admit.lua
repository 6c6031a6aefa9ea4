-- Decides whether a checkout enters the queue.
-- KEYS[1] what this Idempotency-Key came with   KEYS[2] sold-out mark of the SKU   KEYS[3] pending orders of the SKU (set)
-- ARGV[1] order id   ARGV[2] fingerprint of the body   ARGV[3] seconds to remember the key   ARGV[4] seconds to keep the set
-- returns 'accepted', 'replayed', 'mismatched' or 'sold-out'
local earlier = redis.call('GET', KEYS[1])
if earlier then
  return earlier == ARGV[2] and 'replayed' or 'mismatched'
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  return 'sold-out'
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('EXPIRE', KEYS[3], ARGV[4])
return 'accepted'
