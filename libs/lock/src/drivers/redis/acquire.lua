-- Takes a permit if one is free and nobody was here before, else joins the queue. Asking again keeps the place.
-- KEYS[1] holders   KEYS[2] queue   KEYS[3] last token   (keys.lua says what is in them)
-- ARGV[1] holder   ARGV[2] its ttl in ms
-- returns the token when granted, else {the last token given out, ms until the next permit runs out}
--- @include "permit.lua"
local holder, ttl = ARGV[1], tonumber(ARGV[2])

-- Nobody holds a permit and nobody waits: the rest is not needed, and costs nothing.
if call('EXISTS', QUEUE, HOLDERS) == 0 then
  return grant(holder, ttl)
end

--- @include "queue.lua"
return acquire(holder, ttl)
