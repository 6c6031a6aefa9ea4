-- Takes the permit from its holder and hands it to the next waiter; also takes a holder that gives up waiting out of the queue.
-- KEYS[1] holders   KEYS[2] queue   KEYS[3] last token   (keys.lua says what is in them)
-- ARGV[1] holder
-- ARGV[2] and ARGV[3], where given: another holder of the same process and its ttl in ms, for whom to ask in the same breath
-- returns 1, or 0 when the permit was no longer this holder's; with another holder {that, what acquire.lua returns for it}
--- @include "keys.lua"
local holder, next_holder = ARGV[1], ARGV[2]

local was_ours = call('ZREM', HOLDERS, holder)
-- Nobody waits: the rest is not needed, and costs nothing.
if was_ours == 1 and not next_holder and call('EXISTS', QUEUE) == 0 then
  return 1
end

--- @include "queue.lua"
if was_ours == 0 then
  call('LREM', QUEUE, 1, holder)
end
if next_holder then
  return { was_ours, acquire(next_holder, tonumber(ARGV[3])) }
end
if call('EXISTS', QUEUE) == 1 then
  hand_over()
end
return was_ours
