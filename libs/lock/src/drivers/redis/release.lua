-- Hands the lock to the next waiter if it is still this holder's, and takes the holder out of the queue.
-- ARGV[1] holder   ARGV[2] channel prefix   ARGV[3] claim ttl ms
-- returns 1, or 0 when the lock belongs to somebody else or nobody
redis.call('LREM', KEYS[2], 1, ARGV[1])
if not token_of(ARGV[1]) then
  return 0
end
hand_over(ARGV[2], ARGV[3])
return 1
