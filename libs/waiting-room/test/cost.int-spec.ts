import { afterEach, expect, it } from 'vitest';
import { TestRoom } from './support/room.js';

/** Commands whose cost is constant, or grows with the logarithm of the set, or with what they find and remove. */
const CHEAP = new Set(
  'evalsha eval time hget hset hincrby zadd zcard zrank zrem zscore zremrangebyscore zrangebyscore pexpire'.split(
    ' ',
  ),
);
const CROWD = 100_000;

let room: TestRoom;
afterEach(() => room.close());

/** What a call makes of Redis: commands, by how often. */
async function costOf(call: () => Promise<unknown>): Promise<Map<string, number>> {
  const redis = room.redis[0]!;
  await redis.config('RESETSTAT');
  await call();
  const stats = await redis.info('commandstats');
  const calls = [...stats.matchAll(/^cmdstat_([^:|]+)[^:]*:calls=(\d+)/gm)].map(
    ([, name, times]) => [name!, Number(times)] as const,
  );
  return new Map(calls.filter(([name]) => name !== 'config' && name !== 'info'));
}

async function fill(from: number, to: number) {
  for (let i = from; i < to; i += 1_000)
    await Promise.all(Array.from({ length: 1_000 }, (_, j) => room.enter(`buyer-${i + j}`)));
}

it(`costs as much with ${CROWD} who wait as with a thousand`, async () => {
  room = new TestRoom({ placeTtlSeconds: 3_600 });
  await room.ask('inside');
  await fill(0, 1_000);
  const few = await costOf(() => room.enter('buyer-500'));
  await fill(1_000, CROWD);
  const [middle, last, leaving] = [
    await costOf(() => room.enter(`buyer-${CROWD / 2}`)),
    await costOf(() => room.enter(`buyer-${CROWD - 1}`)),
    await costOf(() => room.leave(`buyer-${CROWD / 2}`)),
  ];
  expect([...few.values()].reduce((sum, times) => sum + times)).toBeGreaterThan(10);
  expect(middle).toEqual(few);
  expect(last).toEqual(few);
  for (const name of [...few.keys(), ...leaving.keys()]) expect(CHEAP).toContain(name);
  expect(await room.occupancy()).toEqual({ inside: 1, waiting: CROWD - 1 });
}, 60_000);

it('looks at a bounded number of those who are silent in one call', async () => {
  room = new TestRoom();
  await room.ask('inside');
  await fill(0, 1_000);
  for (let i = 0; i < 1_000; i++) void room.silence(`buyer-${i}`);
  await room.silence('nobody');
  const cost = await costOf(() => room.ask('late'));
  expect(Math.max(...cost.values())).toBeLessThan(300);
  expect(await room.redis[0]!.zcard(room.key('away'))).toBe(100);
  for (let calls = 0; calls < 9; calls++) await room.ask('late');
  expect(await room.ask('late')).toBe(1);
});
