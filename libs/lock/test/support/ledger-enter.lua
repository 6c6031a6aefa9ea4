-- Begins a section: notes who is in, and reads. If fenced, only the largest token so far may read on.
-- KEYS[1] value   KEYS[2] fence   KEYS[3] journal   ARGV[1] section   ARGV[2] token or ''   ARGV[3] 1 if fenced   ARGV[4] pid
-- returns the value, or false when the token is stale
local token = ARGV[2]
if ARGV[3] == '1' then
  local fence = redis.call('GET', KEYS[2]) or '0'
  if #token < #fence or (#token == #fence and token <= fence) then
    return false
  end
  redis.call('SET', KEYS[2], token)
end
redis.call('RPUSH', KEYS[3], cjson.encode({ kind = 'enter', section = ARGV[1], token = token, pid = ARGV[4] }))
return redis.call('GET', KEYS[1]) or '0'
