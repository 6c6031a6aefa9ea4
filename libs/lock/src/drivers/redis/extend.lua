-- Proves ownership and moves the expiry on.
-- KEYS[1] holders   KEYS[2] queue   KEYS[3] last token   (keys.lua says what is in them)
-- ARGV[1] holder   ARGV[2] its ttl in ms, from now on
-- returns 1, or 0 when the permit is no longer this holder's
--- @include "permit.lua"
local holder, ttl = ARGV[1], tonumber(ARGV[2])

if not call('ZSCORE', HOLDERS, holder) then
  return 0
end
hold_until(holder, now + ttl)
return 1
