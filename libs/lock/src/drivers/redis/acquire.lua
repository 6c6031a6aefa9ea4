-- See acquire() for what it does and returns.
return acquire()
