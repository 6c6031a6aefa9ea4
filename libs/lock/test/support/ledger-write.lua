-- Ends a section: writes blindly what was worked out from what was read. If fenced, only while the fence is its token.
-- KEYS[1] value   KEYS[2] fence   KEYS[3] journal   ARGV[1] section   ARGV[2] token or ''   ARGV[3] 1 if fenced
-- ARGV[4] before   ARGV[5] after   returns 1, or 0 when the write was fenced off
local leave = { kind = 'leave', section = ARGV[1] }
local allowed = ARGV[3] ~= '1' or redis.call('GET', KEYS[2]) == ARGV[2]
if allowed then
  redis.call('SET', KEYS[1], ARGV[5])
  leave.before, leave.after = tonumber(ARGV[4]), tonumber(ARGV[5])
end
redis.call('RPUSH', KEYS[3], cjson.encode(leave))
return allowed and 1 or 0
