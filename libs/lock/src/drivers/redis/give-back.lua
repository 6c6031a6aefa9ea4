-- Gives the permit back; where nobody waits, nothing of the rest is needed.
local was_ours = call('ZREM', HOLDERS, holder)
if was_ours == 1 and not ARGV[3] and call('EXISTS', QUEUE) == 0 then
  return 1
end
