-- Tells what a committed batch of orders came to. All of them are of one SKU.
-- KEYS[1] orders in the queue (hash)
-- KEYS[2] pending orders of the SKU (set)
-- KEYS[3] how many orders of its sale are in the queue
-- KEYS[4] memory of the sale
-- KEYS[5] sold-out mark of the SKU
-- KEYS[6] versions at which units came back (hash, by stripe)
-- KEYS[7] exists for a moment after something of the SKU was settled
-- KEYS[8] dead letters (hash, by order id)
-- KEYS[9] counter of the SKU (hash)
-- KEYS[10] its counted orders (hash: order id -> units)
-- ARGV[1] versions of the stock's rows, by stripe, at which nothing was left; empty: something is left, or nobody knows
-- ARGV[2] seconds that the SKU then counts as sold out
-- ARGV[3] what the name of each order's Idempotency-Key begins with
-- ARGV[4] ms that KEYS[7] exists
-- ARGV[5] the dead letter that these orders become; empty: they are settled
-- ARGV[6] for each order '+' if its units go back to the counter, else '-'; empty: they are not counted
-- ARGV[7] number of orders, followed by their ids
-- then pairs: a channel, and what is to be said there
-- returns how many of the orders were in the queue
local queued, pending, backlog, memory, mark, reopened, moves, letters, counter, counted = unpack(KEYS)
local orders = {}
for i = 1, ARGV[7] do
  orders[i] = ARGV[7 + i]
end

redis.call('SREM', pending, unpack(orders))
local left = redis.call('HDEL', queued, unpack(orders))
if left > 0 and redis.call('DECRBY', backlog, left) <= 0 then
  redis.call('DEL', backlog)
end
if ARGV[5] ~= '' then
  for _, order in ipairs(orders) do
    redis.call('HSET', letters, order, ARGV[5])
  end
end
if left < #orders then
  -- Delivered twice, or accepted in a history that Redis has lost: then it knows no key of it, and perhaps others neither.
  for _, order in ipairs(orders) do
    if redis.call('EXISTS', ARGV[3] .. order) == 0 then
      redis.call('DEL', memory)
    end
  end
end

if ARGV[6] ~= '' and redis.call('EXISTS', counter) == 1 then
  for i, order in ipairs(orders) do
    local units = redis.call('HGET', counted, order)
    redis.call('HDEL', counted, order) -- so that it gives them back once, however often it is delivered
    if units and string.sub(ARGV[6], i, i) == '+' then
      redis.call('HINCRBY', counter, 'left', units)
    end
  end
  redis.call('HINCRBY', counter, 'changes', 1)
end

local stripe, is_news = 0, ARGV[1] ~= ''
for version in string.gmatch(ARGV[1], '%d+') do
  local came_back = redis.call('HGET', reopened, stripe)
  is_news = is_news and (not came_back or tonumber(version) >= tonumber(came_back))
  stripe = stripe + 1
end
if is_news then
  redis.call('SET', mark, ARGV[1], 'EX', ARGV[2])
end

redis.call('SET', moves, '', 'PX', ARGV[4])

for i = 8 + #orders, #ARGV, 2 do
  redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
end
return left
