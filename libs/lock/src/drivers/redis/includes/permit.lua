-- Permits and their tokens. Commands are what a script costs: as few as can be where a lock is free.
--- @include "settings.lua"
--- @include "keys.lua"
local time = call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = now_us / 1000

-- Redis returns the last token in the same command that replaces it. (SET .. GET: Redis 6.2 or later.)
local function remember(token)
  local last = string.format('%.0f', token + TOKENS - 1)
  return tonumber(call('SET', TOKEN, last, 'PX', TOKEN_MEMORY_MS, 'GET') or '0')
end

-- Tokens are the server's microseconds, pushed up where that would not grow: so they grow although the counter expired or a
-- failover lost it. They stay exact as doubles until the year 2255.
local function next_token()
  local token = now_us
  local last = remember(token)
  if last >= token then
    token = last + 1
    remember(token)
  end
  return string.format('%.0f', token)
end

-- The set lives as long as its longest permit.
local function hold_until(holder, moment)
  call('ZADD', HOLDERS, moment, holder)
  if PERMITS > 1 then
    moment = call('ZRANGE', HOLDERS, -1, -1, 'WITHSCORES')[2]
  end
  call('PEXPIREAT', HOLDERS, math.ceil(moment))
end

-- returns the token
local function grant(holder, ttl)
  hold_until(holder, now + ttl)
  return next_token()
end
