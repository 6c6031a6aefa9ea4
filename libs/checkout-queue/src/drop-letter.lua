-- Drops a dead letter, unless another one has taken its place meanwhile.
-- KEYS[1] dead letters (hash: order id -> letter)   ARGV[1] order id   ARGV[2] the letter
-- returns how many were dropped
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
return redis.call('HDEL', KEYS[1], ARGV[1])
