import { Redis } from 'ioredis';
import { Semaphore } from '../../src/index.js';

/** A process that takes all permits of a resource and keeps them until it is killed. Tells its parent once it has them. */
const [redisUrl, resource, permits, ttl, earlyTakeover] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const semaphore = new Semaphore(new Redis(redisUrl), Number(permits));
const options = { ttl: Number(ttl), wait: 10_000, earlyTakeover: earlyTakeover === 'true' };
let inside = 0;
for (let i = 0; i < Number(permits); i++) {
  void semaphore.withPermit(resource, options, async () => {
    if (++inside === Number(permits)) process.send!('holds them all');
    await new Promise(() => undefined);
  });
}
