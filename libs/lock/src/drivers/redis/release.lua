-- Gives the permit back and hands it to the next waiter; also takes a holder that gives up out of the queue.
-- returns 1, or 0 when the permit was no longer this holder's
redis.call('LREM', QUEUE, 1, holder)
local was_ours = redis.call('ZREM', HOLDERS, holder)
hand_over()
return was_ours
