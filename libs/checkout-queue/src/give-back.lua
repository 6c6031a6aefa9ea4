-- Units of a SKU came back in Postgres, or were withdrawn there.
-- KEYS[1] its counter (hash)
-- ARGV triples: a stripe, the version of its row after that, the units that it got (below zero: that it lost)
local counter = KEYS[1]
if redis.call('HEXISTS', counter, 'left') == 0 then
  return -- whoever counts anew will find them
end
for i = 1, #ARGV, 3 do
  local counted = redis.call('HGET', counter, 'version:' .. ARGV[i])
  if not counted or tonumber(ARGV[i + 1]) > tonumber(counted) then -- else they were there when it was counted
    redis.call('HINCRBY', counter, 'left', ARGV[i + 2])
  end
end
redis.call('HINCRBY', counter, 'changes', 1)
