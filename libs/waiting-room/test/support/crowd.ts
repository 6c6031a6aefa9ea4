import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { WaitingRooms } from '../../src/index.js';

/**
 * A process with buyers who all want in. Each counts itself in Redis while it is inside, stays a moment and leaves; the process
 * tells its parent the most that any of them has counted. With `stays`, whoever gets in stays.
 */
const [redisUrl, id, places, placeTtlSeconds, buyers, stays] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string?,
];
const redis = new Redis(redisUrl);
const rooms = new WaitingRooms(oneShard(redis));
const room = { id, places: Number(places), placeTtlSeconds: Number(placeTtlSeconds) };
const witness = `crowd:${id}`;

async function visit(n: number): Promise<number> {
  const buyer = `${process.pid}:${n}`;
  while ((await rooms.enter(room, buyer)).status === 'waiting') await sleep(2);
  if (stays) return sleep(60_000, 0);
  const seen = await redis.incr(witness);
  await sleep(3);
  await redis.decr(witness);
  await rooms.leave(room, buyer);
  return seen;
}

const seen = await Promise.all(Array.from({ length: Number(buyers) }, (_, n) => visit(n)));
process.send!(Math.max(...seen));
redis.disconnect();
