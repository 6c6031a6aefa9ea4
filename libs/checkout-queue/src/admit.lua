-- Decides which checkouts enter the queue, and lets them in with the job that carries them.
-- KEYS[1] orders in the queue (hash: order id -> job id)   KEYS[2] the job, added in the same transaction
-- and for each checkout: what its Idempotency-Key came with, sold-out mark of the SKU, pending orders of the SKU (set),
--   '' or who may buy (sorted set: buyer -> until when, in ms of the server's clock)
-- ARGV[1] job id; empty: only look   ARGV[2] most orders in the queue
-- ARGV[3] seconds to remember a key   ARGV[4] seconds to keep a pending set
-- and for each checkout: order id, fingerprint of the body, '1' if its key is known and it is to be queued anew, buyer
-- returns for each checkout: 'open' (only when looking), 'accepted', 'queued' (a replay whose order is in the queue),
--   'replayed' (one whose order is not), 'mismatched', 'sold-out', 'not-admitted' or 'full'
local queued, job = KEYS[1], ARGV[1]
local looking = job == ''
if not looking and redis.call('EXISTS', KEYS[2]) == 0 then
  return redis.error_reply('NOJOB the job was not added') -- no order is accepted that nothing carries
end
local room = ARGV[2] - redis.call('HLEN', queued)

local function may_buy(guests, buyer)
  if guests == '' then
    return true
  end
  local time, ends = redis.call('TIME'), redis.call('ZSCORE', guests, buyer)
  return ends and tonumber(ends) > time[1] * 1000 + time[2] / 1000
end

local function decide(key, mark, pending, guests, order, body, anew, buyer)
  local earlier = redis.call('GET', key)
  if earlier and earlier ~= body then
    return 'mismatched'
  end
  if earlier and redis.call('HEXISTS', queued, order) == 1 then
    return 'queued'
  end
  if earlier and anew ~= '1' then
    return 'replayed'
  end
  if not earlier then
    if redis.call('GET', mark) == '1' then
      return 'sold-out'
    end
    if not may_buy(guests, buyer) then
      return 'not-admitted'
    end
    if room <= 0 then
      return 'full'
    end
  end
  if looking then
    return 'open'
  end
  room = room - 1
  redis.call('SET', key, body, 'EX', ARGV[3])
  redis.call('HSET', queued, order, job)
  redis.call('SADD', pending, order)
  redis.call('EXPIRE', pending, ARGV[4])
  return 'accepted'
end

local answers = {}
for i = 1, (#KEYS - 2) / 4 do
  local k, a = 4 * i - 1, 4 * i + 1
  local order, body, anew, buyer = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  answers[i] = decide(KEYS[k], KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], order, body, anew, buyer)
end
return answers
