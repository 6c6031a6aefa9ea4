-- Counts the units of a SKU anew: those that Postgres had at one moment, without those of orders that were not settled by then.
-- KEYS[1] its counter (hash: units 'left'; 'changes' by what was settled or came back; 'version:<stripe>' of the rows when it was counted)
-- KEYS[2] its counted orders (hash: order id -> units)
-- ARGV[1] the changes that were seen before Postgres was asked   ARGV[2] seconds to keep the counter
-- ARGV[3] units available in Postgres   ARGV[4] number of stripes, followed by the versions of their rows
-- then the ids of counted orders that Postgres had settled
-- returns by how many units the counter was too low; nil if something changed since: nobody knows whether Postgres had seen it
local counter, counted = KEYS[1], KEYS[2]
if (redis.call('HGET', counter, 'changes') or '0') ~= ARGV[1] then
  return false
end
local stripes = tonumber(ARGV[4])
for i = 5 + stripes, #ARGV do
  redis.call('HDEL', counted, ARGV[i])
end
local left = tonumber(ARGV[3])
for _, units in ipairs(redis.call('HVALS', counted)) do
  left = left - units
end
local before = redis.call('HGET', counter, 'left') or left
redis.call('HSET', counter, 'left', left)
for i = 1, stripes do
  redis.call('HSET', counter, 'version:' .. (i - 1), ARGV[4 + i])
end
redis.call('EXPIRE', counter, ARGV[2])
return left - before
