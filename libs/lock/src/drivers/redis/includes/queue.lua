-- What is needed where a permit is not simply free.
--- @include "permit.lua"
local QUEUE_MEMORY_MS = 60000 -- every live waiter asks again well within this, so that only a dead queue vanishes

local function channel_of(holder)
  return CHANNEL_PREFIX .. string.match(holder, '^[^:]+')
end

-- Whoever asks is there.
local function seems_gone(holder, asker)
  return COUNT_LISTENERS and holder ~= asker and call('PUBSUB', 'NUMSUB', channel_of(holder))[2] == 0
end

-- A permit that ran out is its holder's for as long as nobody has looked: whoever grants looks first.
local function free_permits()
  call('ZREMRANGEBYSCORE', HOLDERS, '-inf', now)
  return PERMITS - call('ZCARD', HOLDERS)
end

-- Waiters whose processes are gone drop out.
local function first_waiter(asker)
  local first = call('LINDEX', QUEUE, 0)
  while first and seems_gone(first, asker) do
    call('LPOP', QUEUE)
    first = call('LINDEX', QUEUE, 0)
  end
  return first
end

-- Gives the free permits to the first waiters and wakes only those; the one that asks has its answer. Granted and published in
-- one atomic step: nobody can see one without the other.
local function hand_over(asker)
  for _ = 1, free_permits() do
    local heir = first_waiter(asker)
    if not heir then
      return
    end
    call('LPOP', QUEUE)
    hold_until(heir, now + CLAIM_TTL)
    if heir ~= asker then
      call('PUBLISH', channel_of(heir), heir .. ' ' .. next_token())
    end
  end
end

local function allows_takeover(holder)
  return string.sub(holder, -9) == ':takeover'
end

-- A holder whose process is gone need not be waited for, if its writes would be refused should it live on after all.
-- Both sides must allow it: what raises the fence above the old holder's token is the work of the new one.
local function evict_one_that_is_gone(asker)
  for _, holder in ipairs(call('ZRANGE', HOLDERS, 0, -1)) do
    if allows_takeover(holder) and seems_gone(holder, asker) then
      call('ZREM', HOLDERS, holder)
      return
    end
  end
end

-- returns the token when granted, else {the last token given out, ms until the next permit runs out}
local function acquire(holder, ttl)
  if call('EXISTS', QUEUE) == 0 and (call('EXISTS', HOLDERS) == 0 or free_permits() > 0) then
    return grant(holder, ttl)
  end
  if call('ZSCORE', HOLDERS, holder) then -- granted before, but the answer or the wake-up got lost
    return grant(holder, ttl)
  end
  if not call('LPOS', QUEUE, holder) then
    call('RPUSH', QUEUE, holder)
  end
  call('PEXPIRE', QUEUE, QUEUE_MEMORY_MS)
  hand_over(holder)
  if allows_takeover(holder) and first_waiter(holder) == holder then
    evict_one_that_is_gone(holder)
    hand_over(holder)
  end
  if call('ZSCORE', HOLDERS, holder) then
    return grant(holder, ttl)
  end
  local first = call('ZRANGE', HOLDERS, 0, 0, 'WITHSCORES')
  return { call('GET', TOKEN) or '0', math.ceil(first[2] - now) }
end
