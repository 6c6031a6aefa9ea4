-- Nobody holds a permit and nobody waits: nothing of the rest is needed.
if call('EXISTS', QUEUE, HOLDERS) == 0 then
  return grant()
end
