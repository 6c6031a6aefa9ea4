// Preloaded into workers by a test: the redis-setnx lock is granted to whoever asks, as if NX had been forgotten.
import { Redis } from 'ioredis';

const set = Reflect.get(Redis.prototype, 'set');
Redis.prototype.set = function (key, ...rest) {
  const planted = String(key).startsWith('lock:setnx:') ? rest.filter((argument) => argument !== 'NX') : rest;
  return Reflect.apply(set, this, [key, ...planted]);
};
