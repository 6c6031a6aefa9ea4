-- Ends the buyer's place. ARGV[3] is 1 if it also stops to wait.
local ends = call('ZSCORE', INSIDE, buyer)
if ends and tonumber(ends) > now then -- what ran out before is counted by whoever enters next
  call('ZREM', INSIDE, buyer)
  ended(1, place_ttl - (ends - now))
  remember()
end
if ARGV[3] == '1' then
  call('ZREM', QUEUE, buyer)
  call('ZREM', AWAY, buyer)
  call('ZREM', DUE, buyer)
end
