-- Shared by the scripts of this driver, which are appended to it. Keys of every script:
--   KEYS[1] lock: "<holder> <token>" with a TTL   KEYS[2] queue: list of waiting holders, first come first
--   KEYS[3] the last token given out
-- A holder is "<client>:<n>"; its process listens on the channel "<channel prefix><client>".

local TOKEN_MEMORY_MS = 86400000
local QUEUE_MEMORY_MS = 60000 -- every live waiter asks again well within this, so that only a dead queue vanishes

-- Is the lock this holder's? Its token if so.
local function token_of(holder)
  local value = redis.call('GET', KEYS[1])
  if value and string.sub(value, 1, #holder + 1) == holder .. ' ' then
    return string.sub(value, #holder + 2)
  end
  return nil
end

-- Tokens are the server's microseconds, pushed up where that would not grow: they go on growing although the counter
-- expired or a failover lost it. They stay exact as doubles until the year 2255.
local function grant(holder, ttl)
  local now = redis.call('TIME')
  local token = now[1] * 1000000 + now[2]
  local last = tonumber(redis.call('GET', KEYS[3]) or '0')
  if token <= last then
    token = last + 1
  end
  local text = string.format('%.0f', token)
  redis.call('SET', KEYS[3], text, 'PX', TOKEN_MEMORY_MS)
  redis.call('SET', KEYS[1], holder .. ' ' .. text, 'PX', ttl)
  return text
end

-- Gives the lock to the first waiter whose process still listens and wakes only that one. It has claim_ttl to claim the
-- lock for its full TTL. Without a waiter the lock is free.
local function hand_over(channel_prefix, claim_ttl)
  while true do
    local heir = redis.call('LPOP', KEYS[2])
    if not heir then
      redis.call('DEL', KEYS[1])
      return
    end
    -- Published in the same atomic step as the grant below, so nobody can see one without the other.
    if redis.call('PUBLISH', channel_prefix .. string.match(heir, '^[^:]+'), heir) > 0 then
      grant(heir, claim_ttl)
      return
    end
  end
end
