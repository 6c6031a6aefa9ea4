-- Makes the next token larger than ARGV[1]. Decimal strings of one length compare like their numbers.
local above, last = ARGV[1], call('GET', TOKEN) or '0'
if #above > #last or (#above == #last and above > last) then
  call('SET', TOKEN, above, 'PX', TOKEN_MEMORY_MS)
end
