-- Proves ownership and moves the expiry on. Returns 1, or 0 when the permit is no longer this holder's.
if not call('ZSCORE', HOLDERS, holder) then
  return 0
end
hold_until(holder, now + ttl)
return 1
