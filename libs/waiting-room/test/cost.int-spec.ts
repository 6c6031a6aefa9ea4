import { oneShard } from '@app/servers';
import { afterEach, expect, it } from 'vitest';
import { WaitingRooms } from '../src/index.js';
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
  await room.redis[0]!.hset(room.key(), 'kept', 3_600_000); // so that nobody is to ask again while the others come
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

it.each([1_000, 50_000])(
  'passes over %i who are silent at the first ask, with a bounded number in one call of the script',
  async (ghosts) => {
    room = new TestRoom();
    await room.ask('inside');
    await fill(0, ghosts);
    for (const name of ['first', 'second', 'third']) await room.ask(name);
    await silenceAll(ghosts);
    const cost = await costOf(async () => expect(await room.ask('third')).toBe(3));
    const scripts = cost.get('evalsha')!;
    expect(scripts).toBeLessThanOrEqual(ghosts / 100 + 1);
    expect(Math.max(...cost.values()) / scripts).toBeLessThan(300);
    expect(await room.occupancy()).toEqual({ inside: 1, waiting: 3 });
    await room.leave('inside');
    expect([await room.ask('second'), await room.ask('first'), await room.ask('third')]).toEqual([
      2,
      'inside',
      2,
    ]);
  },
  60_000,
);

it('lets many who ask at once pass over the silent ones in the order in which they came', async () => {
  room = new TestRoom();
  await room.ask('inside');
  await fill(0, 10_000);
  await silenceAll(10_000);
  const names = Array.from({ length: 20 }, (_, i) => `late-${i}`);
  const connection = new WaitingRooms(oneShard(room.redis[0]!));
  const asks = names.map((name) => connection.enter(room.room, name));
  expect(await Promise.all(asks)).toMatchObject(
    names.map((_, i) => ({ status: 'waiting', position: i + 1 })),
  );
});

/** As if the whole crowd had gone. */
async function silenceAll(crowd: number) {
  for (let i = 0; i < crowd; i += 1_000) {
    const gone = Array.from({ length: 1_000 }, (_, j) => [1, `buyer-${i + j}`]).flat();
    await room.redis[0]!.zadd(room.key('due'), 'XX', ...gone);
  }
}
