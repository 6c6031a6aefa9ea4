-- Decides which checkouts enter the queue, and lets them in with the job that carries them.
-- KEYS[1] orders in the queue (hash: order id -> job id, a space, fingerprint of the body)
-- KEYS[2] the job, added in the same transaction
-- KEYS[3] dead letters (hash, by order id)
-- KEYS[4] the name that stands for everybody
-- then seven for each SKU:
--   its sold-out mark
--   its pending orders (set)
--   how many orders of its sale are pending
--   memory of its sale: the history of Redis that has the key of every order
--   who may buy (sorted set: buyer -> until when, in ms of the server's clock), or KEYS[4]
--   its counter (hash; 'left': units that nobody has taken), or KEYS[4] where none is kept
--   its counted orders (hash: order id -> units)
-- then one for each checkout: what its Idempotency-Key came with
-- ARGV[1] job id; empty: only look
-- ARGV[2] most orders in the queue   ARGV[3] most of them of one sale
-- ARGV[4] seconds to remember a key   ARGV[5] seconds to keep a counter
-- ARGV[6] number of SKUs
-- then seven for each checkout:
--   number of its SKU, order id, fingerprint of the body, buyer
--   what Postgres said: '' it was not asked; 'unstored': it has no such order; 'first': it has no order of the sale;
--     'anew': as 'unstored', and the order is to be queued although its key is known
--   its units, and 'taken' if it took them from the counter before, else ''
-- returns for each checkout one of
--   'open': it would enter (only when looking)   'accepted': it has entered
--   'queued': a replay whose order is in the queue   'replayed': one whose order is not, or is a dead letter
--   'mismatched': its key came with another body   'unsure': ask Postgres, the key may have been forgotten
--   'sold-out', 'insufficient', 'not-admitted', 'full'
--   'uncounted': there is no counter where there should be one: count the units first
local queued, letters, everybody, job = KEYS[1], KEYS[3], KEYS[4], ARGV[1]
local most_of_sale, key_ttl, counter_ttl, skus = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local looking = job == ''
if not looking and redis.call('EXISTS', KEYS[2]) == 0 then
  return redis.error_reply('NOJOB the job was not added') -- no order is accepted that nothing carries
end
local room = ARGV[2] - redis.call('HLEN', queued)

-- Looks something up once, whatever the number of checkouts that need it.
local function once(look)
  local known = {}
  return function(key)
    if known[key] == nil then
      known[key] = look(key)
    end
    return known[key]
  end
end

local is_marked = once(function(mark)
  return redis.call('EXISTS', mark) == 1
end)
local backlogs = {}
local function backlog_of(backlog)
  backlogs[backlog] = backlogs[backlog] or tonumber(redis.call('GET', backlog) or 0)
  return backlogs[backlog]
end
-- Another process, or one that was promoted, has another history: it may lack the last writes.
local history = once(function()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or 'unknown'
end)
local remembers = once(function(memory)
  local is_whole = redis.call('GET', memory) == history('')
  if is_whole and redis.call('TTL', memory) > key_ttl then
    redis.call('EXPIRE', memory, key_ttl) -- keys that are remembered from now on are forgotten by then
  end
  return is_whole
end)

local function may_buy(guests, buyer)
  if guests == everybody then
    return true
  end
  local time, ends = redis.call('TIME'), redis.call('ZSCORE', guests, buyer)
  return ends and tonumber(ends) > time[1] * 1000 + time[2] / 1000
end

local lefts = {}
local function left_of(counter)
  lefts[counter] = lefts[counter] or tonumber(redis.call('HGET', counter, 'left'))
  return lefts[counter]
end

local are_letters = redis.call('EXISTS', letters) == 1

local function accept(sku, key, order, body, units, takes)
  if are_letters then
    redis.call('HDEL', letters, order) -- it is tried again
  end
  redis.call('SET', key, body, 'EX', key_ttl)
  redis.call('SADD', sku.pending, order)
  local added = redis.call('HSET', queued, order, job .. ' ' .. body)
  backlogs[sku.backlog] = backlog_of(sku.backlog) + added
  sku.added = (sku.added or 0) + added
  room = room - 1
  if sku.counter ~= everybody then
    redis.call('HSET', sku.counted, order, units)
    if takes then
      lefts[sku.counter] = left_of(sku.counter) - units
      sku.taken = (sku.taken or 0) + units
    end
  end
  return 'accepted'
end

local function decide(sku, key, order, body, buyer, stored, units, taken)
  local carrier = redis.call('HGET', queued, order)
  local earlier = redis.call('GET', key)
  if carrier and not earlier then
    earlier = string.match(carrier, ' (.*)')
    redis.call('SET', key, earlier, 'EX', key_ttl)
  end
  if earlier and earlier ~= body then
    return 'mismatched'
  end
  if carrier then
    return 'queued'
  end
  -- A dead letter was told as rejected, and stays until an admin has it tried again.
  if stored ~= 'anew' and (earlier or are_letters and redis.call('HEXISTS', letters, order) == 1) then
    return 'replayed'
  end
  local takes = sku.counter ~= everybody and taken == ''
  if not earlier then
    if not remembers(sku.memory) then
      if stored == '' then
        return 'unsure'
      end
      -- Nothing of the sale is settled, nothing is pending: all its keys, of which there is none, are known.
      if stored == 'first' and backlog_of(sku.backlog) == 0 then
        redis.call('SET', sku.memory, history(''), 'EX', key_ttl)
      end
    end
    if is_marked(sku.mark) then
      return 'sold-out'
    end
    if not may_buy(sku.guests, buyer) then
      return 'not-admitted'
    end
    if room <= 0 or backlog_of(sku.backlog) >= most_of_sale then
      return 'full'
    end
  end
  if takes and not left_of(sku.counter) then
    return 'uncounted'
  end
  if takes and not earlier and left_of(sku.counter) < units then
    return left_of(sku.counter) > 0 and 'insufficient' or 'sold-out'
  end
  return looking and 'open' or accept(sku, key, order, body, units, takes)
end

local named = {}
for i = 1, skus do
  local k = 7 * i - 2
  named[i] = {
    mark = KEYS[k], pending = KEYS[k + 1], backlog = KEYS[k + 2], memory = KEYS[k + 3], guests = KEYS[k + 4],
    counter = KEYS[k + 5], counted = KEYS[k + 6],
  }
end
local answers = {}
for i = 1, #KEYS - 4 - 7 * skus do
  local a = 7 * i
  local sku, key = named[tonumber(ARGV[a])], KEYS[4 + 7 * skus + i]
  local units, taken = tonumber(ARGV[a + 5]), ARGV[a + 6]
  answers[i] = decide(sku, key, ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], units, taken)
end
for _, sku in ipairs(named) do
  if sku.added then
    redis.call('INCRBY', sku.backlog, sku.added)
    if sku.taken then
      redis.call('HINCRBY', sku.counter, 'left', -sku.taken)
    end
    if sku.counter ~= everybody then
      redis.call('EXPIRE', sku.counter, counter_ttl)
      redis.call('EXPIRE', sku.counted, counter_ttl)
    end
  end
end
return answers
