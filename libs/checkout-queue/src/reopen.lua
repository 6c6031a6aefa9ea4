-- Units of a SKU came back, or were seen.
-- KEYS[1] its sold-out mark: versions of its stock's rows, by stripe, at which nothing was left
-- KEYS[2] versions at which units came back (hash, by stripe)
-- ARGV[1] seconds to remember it
-- then pairs: a stripe, and a version at which it had units
-- returns 1 if the SKU was marked as sold out by an older view, else 0
local mark, reopened = unpack(KEYS)
local seen = {}
for version in string.gmatch(redis.call('GET', mark) or '', '%d+') do
  seen[#seen + 1] = tonumber(version)
end
local is_outdated = 0
for i = 2, #ARGV, 2 do
  local stripe, version = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  if version > tonumber(redis.call('HGET', reopened, stripe) or -1) then
    redis.call('HSET', reopened, stripe, ARGV[i + 1])
  end
  if seen[stripe + 1] and seen[stripe + 1] < version then
    is_outdated = 1
  end
end
redis.call('EXPIRE', reopened, ARGV[1])
if is_outdated == 1 then
  redis.call('DEL', mark)
end
return is_outdated
