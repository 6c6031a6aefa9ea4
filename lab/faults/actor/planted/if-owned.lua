-- KEYS[1] lock   ARGV[1] owner   ARGV[2...] a command and what it takes after the key
-- returns what the command returns, or 0 when the lock belongs to somebody else or nobody
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call(ARGV[2], KEYS[1], unpack(ARGV, 3))
