-- Deletes this server's vote if it is still this holder's.
-- KEYS[1] lock   ARGV[1] holder   returns 1, or 0 when the vote belongs to somebody else or nobody
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
