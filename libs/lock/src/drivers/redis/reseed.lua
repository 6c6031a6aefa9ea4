-- Makes the next token larger than a given one.
-- KEYS[1] holders   KEYS[2] queue   KEYS[3] last token   (keys.lua says what is in them)
-- ARGV[1] the token to be exceeded
-- returns nothing
--- @include "keys.lua"
local above, last = ARGV[1], call('GET', TOKEN) or '0'
-- Decimal strings of one length compare like their numbers.
if #above > #last or (#above == #last and above > last) then
  call('SET', TOKEN, above, 'PX', TOKEN_MEMORY_MS)
end
