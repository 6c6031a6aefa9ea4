-- What is the same in every call of one driver: scripts.ts puts the values in, so that they need not be sent each time.
local PERMITS = {{permits}} -- of each resource; a lock is the case of one
local TOKENS = {{tokens}} -- that a grant comes with, from the one it is told upwards
local CLAIM_TTL = {{claimTtl}} -- ms that a waiter which was handed a permit has to extend it
local CHANNEL_PREFIX = {{channelPrefix}} -- the process of a holder listens on "<channel prefix><client>"
local COUNT_LISTENERS = {{countListeners}} -- false in a Redis Cluster, which counts them per node
