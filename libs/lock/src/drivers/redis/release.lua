-- Gives the permit back and hands it to the next waiter; also takes a holder that gives up out of the queue.
-- ARGV[3] and ARGV[4], where given, are a holder of the same process and its ttl, for whom to ask in the same breath.
-- returns {1, or 0 when the permit was no longer this holder's}, followed by what acquire() returns for the other one
local was_ours = redis.call('ZREM', HOLDERS, holder)
if was_ours == 0 then
  redis.call('LREM', QUEUE, 1, holder)
end
if not ARGV[3] then
  if redis.call('EXISTS', QUEUE) == 1 then
    hand_over()
  end
  return { was_ours }
end
holder, ttl = ARGV[3], tonumber(ARGV[4])
local answer = acquire()
return { was_ours, answer[1], answer[2], answer[3] }
