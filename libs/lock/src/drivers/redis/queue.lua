-- What is needed where a permit is not simply free.
local QUEUE_MEMORY_MS = 60000 -- every live waiter asks again well within this, so that only a dead queue vanishes

local function channel_of(someone)
  return CHANNEL_PREFIX .. string.match(someone, '^[^:]+')
end

local function seems_gone(someone)
  return COUNT_LISTENERS and someone ~= holder and call('PUBSUB', 'NUMSUB', channel_of(someone))[2] == 0
end

-- A permit that ran out is its holder's for as long as nobody has looked: whoever grants looks first.
local function free_permits()
  call('ZREMRANGEBYSCORE', HOLDERS, '-inf', now)
  return PERMITS - call('ZCARD', HOLDERS)
end

-- Waiters whose processes are gone drop out.
local function first_waiter()
  local first = call('LINDEX', QUEUE, 0)
  while first and seems_gone(first) do
    call('LPOP', QUEUE)
    first = call('LINDEX', QUEUE, 0)
  end
  return first
end

-- Gives the free permits to the first waiters and wakes only those. Granted and published in one atomic step: nobody can
-- see one without the other.
local function hand_over()
  for _ = 1, free_permits() do
    local heir = first_waiter()
    if not heir then
      return
    end
    call('LPOP', QUEUE)
    hold_until(heir, now + CLAIM_TTL)
    if heir ~= holder then
      call('PUBLISH', channel_of(heir), heir .. ' ' .. next_token())
    end
  end
end

local function is_fenced(someone)
  return string.sub(someone, -7) == ':fenced'
end

-- A holder whose process is gone need not be waited for, if its writes would be refused should it live on after all.
-- Both sides must be fenced: what raises the fence above the old holder's token is the work of the new one.
local function evict_one_that_is_gone()
  for _, other in ipairs(call('ZRANGE', HOLDERS, 0, -1)) do
    if is_fenced(other) and seems_gone(other) then
      call('ZREM', HOLDERS, other)
      return
    end
  end
end

-- Takes a permit if one is free and nobody was here before, else joins the queue. Asking again keeps the place.
-- returns the token when granted, else {the last token given out, ms until the next permit runs out}
local function acquire()
  if call('EXISTS', QUEUE) == 0 and (call('EXISTS', HOLDERS) == 0 or free_permits() > 0) then
    return grant()
  end
  if call('ZSCORE', HOLDERS, holder) then -- granted before, but the answer or the wake-up got lost
    return grant()
  end
  if not call('LPOS', QUEUE, holder) then
    call('RPUSH', QUEUE, holder)
  end
  call('PEXPIRE', QUEUE, QUEUE_MEMORY_MS)
  hand_over()
  if is_fenced(holder) and first_waiter() == holder then
    evict_one_that_is_gone()
    hand_over()
  end
  if call('ZSCORE', HOLDERS, holder) then
    return grant()
  end
  local first = call('ZRANGE', HOLDERS, 0, 0, 'WITHSCORES')
  return { call('GET', TOKEN) or '0', math.ceil(first[2] - now) }
end
