-- Hands the permit that was given back to the next waiter; also takes a holder that gives up out of the queue.
-- ARGV[3] and ARGV[4], where given, are a holder of the same process and its ttl, for whom to ask in the same breath.
-- returns 1, or 0 when the permit was no longer this holder's; with another one {that, what acquire() returns for it}
if was_ours == 0 then
  call('LREM', QUEUE, 1, holder)
end
if not ARGV[3] then
  if call('EXISTS', QUEUE) == 1 then
    hand_over()
  end
  return was_ours
end
holder, ttl = ARGV[3], tonumber(ARGV[4])
return { was_ours, acquire() }
