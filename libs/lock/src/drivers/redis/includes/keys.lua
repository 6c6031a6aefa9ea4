-- What a resource has in Redis.
--   KEYS[1] holders: sorted set, holder -> when its permit runs out, in ms of the server's clock
--   KEYS[2] queue: list of waiting holders, first come first
--   KEYS[3] the last token given out
-- A holder is "<client>:<n>", or "<client>:<n>:takeover" where all that it writes is guarded by its token.
local HOLDERS, QUEUE, TOKEN = KEYS[1], KEYS[2], KEYS[3]
local TOKEN_MEMORY_MS = 86400000
local call = redis.call
