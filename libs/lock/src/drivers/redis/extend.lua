-- Proves ownership and moves the expiry on: the watchdog's script, and the claim of a waiter that was handed the lock.
-- ARGV[1] holder   ARGV[2] ttl ms   returns the token, or false when the lock is no longer this holder's
local token = token_of(ARGV[1])
if token then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return token or false
