-- What all scripts of this driver begin with. A resource has n permits; a lock is the case n = 1.
--   KEYS[1] holders: sorted set, holder -> when its permit runs out, in ms of the server's clock
--   KEYS[2] queue: list of waiting holders, first come first
--   KEYS[3] the last token given out
--   ARGV[1] holder: "<client>:<n>", or "<client>:<n>:fenced" where all that it writes is guarded by its token
--   ARGV[2] ttl in ms
-- What is the same in every call is put in front of the script, so that it need not be sent each time (scripts.ts):
--   PERMITS   TOKENS: how many tokens a grant comes with, from the one it is told upwards
--   CLAIM_TTL: ms that a waiter which was handed a permit has to extend it
--   CHANNEL_PREFIX: the process of a holder listens on "<channel prefix><client>"
--   COUNT_LISTENERS: whether a process without a listener is gone or cut off. A Redis Cluster counts them per node.

local call = redis.call
local HOLDERS, QUEUE, TOKEN = KEYS[1], KEYS[2], KEYS[3]
local holder, ttl = ARGV[1], tonumber(ARGV[2])
local TOKEN_MEMORY_MS = 86400000
