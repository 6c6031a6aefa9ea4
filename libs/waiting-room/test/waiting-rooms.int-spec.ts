import { afterEach, describe, expect, it } from 'vitest';
import type { Room } from '../src/index.js';
import { TestRoom } from './support/room.js';

let room: TestRoom;
const open = (rules?: Partial<Room>) => (room = new TestRoom(rules));
afterEach(() => room.close());

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

it.each([1, 3])('lets buyers in in the order in which they came, with %i places', async (places) => {
  open({ places });
  for (const [i, name] of names.entries())
    expect(await room.ask(name)).toBe(i < places ? 'inside' : i + 1 - places);
  for (const [i, name] of names.entries()) {
    await room.leave(name);
    const rest = names.slice(i + 1);
    // The last ones ask first: a free place is not theirs.
    for (const [j, later] of [...rest.entries()].toReversed()) {
      if (j >= places) expect(await room.ask(later)).toBe(j + 2 - places);
    }
    for (const [j, later] of rest.entries())
      expect(await room.ask(later)).toBe(j < places ? 'inside' : j + 1 - places);
  }
  expect(await room.occupancy()).toEqual({ inside: 0, waiting: 0 });
});

it('gives a buyer of two tabs one place, inside and in the queue', async () => {
  open();
  const first = await room.enter('a');
  expect(await room.enter('a')).toEqual(first);
  expect(await Promise.all([room.ask('b'), room.ask('b'), room.ask('b')])).toEqual([1, 1, 1]);
  expect(await room.occupancy()).toEqual({ inside: 1, waiting: 1 });
});

describe('a place inside', () => {
  it('ends when its time is up, and not before', async () => {
    open({ placeTtlSeconds: 1 });
    const standing = await room.enter('a');
    expect(standing.status === 'admitted' && standing.expiresAt.getTime() - Date.now()).toBeGreaterThan(500);
    await expect.poll(() => room.ask('b'), { timeout: 3_000 }).toBe('inside');
    if (standing.status === 'admitted')
      expect(Date.now()).toBeGreaterThanOrEqual(standing.expiresAt.getTime());
    expect(await room.ask('a')).toBe(1);
  });

  it('ends early when it is given up, and who waits for another one goes on waiting', async () => {
    open();
    await room.ask('a');
    expect([await room.ask('b'), await room.ask('c')]).toEqual([1, 2]);
    await room.endPlace('b');
    await room.endPlace('nobody');
    expect([await room.ask('c'), await room.ask('b')]).toEqual([2, 1]);
    await room.endPlace('a');
    expect(await room.ask('b')).toBe('inside');
  });
});

describe('a buyer who does not ask again', () => {
  it('is passed, and has its turn back when it comes', async () => {
    open();
    for (const name of ['a', 'b', 'c', 'd']) await room.ask(name);
    await room.silence('b');
    expect(await room.ask('c')).toBe(1);
    await room.leave('a');
    expect(await room.ask('c')).toBe('inside');
    expect(await room.ask('d')).toBe(1);
    expect(await room.ask('b')).toBe(1);
    expect(await room.ask('d')).toBe(2);
  });

  it('is forgotten after a while', async () => {
    open();
    for (const name of ['a', 'b', 'c']) await room.ask(name);
    await room.silence('b');
    await room.ask('c');
    await room.silence('b');
    await room.ask('c');
    expect(await room.redis[0]!.zscore(room.key('away'), 'b')).toBeNull();
    expect(await room.ask('b')).toBe(2);
  });

  it('has told time, and five seconds more', async () => {
    open();
    await room.ask('a');
    const standing = await room.enter('b');
    if (standing.status !== 'waiting') expect.fail('it is inside');
    const due = Number(await room.redis[0]!.zscore(room.key('due'), 'b'));
    const [seconds, micros] = await room.redis[0]!.time();
    const left = due - Number(seconds) * 1_000 - Number(micros) / 1_000;
    expect(Math.ceil(left / 1_000)).toBe(standing.askAgainSeconds + 5);
  });

  it('loses its place at once when it says so', async () => {
    open();
    for (const name of ['a', 'b', 'c']) await room.ask(name);
    await room.leave('b');
    expect(await room.ask('c')).toBe(1);
    expect(await room.ask('b')).toBe(2);
  });
});

describe('the estimate', () => {
  it('is unknown until a place has ended, then comes from how long places were kept', async () => {
    open({ places: 2, placeTtlSeconds: 100 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await room.ask(name);
    expect(await room.enter('e')).toMatchObject({ position: 3, waiting: 3, estimatedWaitSeconds: undefined });
    await room.runOut('a');
    expect(await room.ask('c')).toBe('inside');
    // 100 s a place, two places: 50 s a turn.
    expect(await room.enter('d')).toMatchObject({
      position: 1,
      estimatedWaitSeconds: 50,
      askAgainSeconds: 13,
    });
    expect(await room.enter('e')).toMatchObject({
      position: 2,
      estimatedWaitSeconds: 100,
      askAgainSeconds: 25,
    });
    await room.leave('b'); // after no time to speak of: the average moves by a tenth
    const standing = await room.enter('e');
    expect(standing).toMatchObject({ position: 2 });
    expect([45, 46]).toContain('estimatedWaitSeconds' in standing && standing.estimatedWaitSeconds);
  });

  it('asks nobody to come back later than in half a minute', async () => {
    open({ placeTtlSeconds: 10_000 });
    await room.ask('a');
    await room.runOut('a');
    await room.ask('b');
    expect(await room.enter('c')).toMatchObject({ estimatedWaitSeconds: 10_000, askAgainSeconds: 30 });
  });
});

it('opens when it is time to, to those who came before', async () => {
  open({ opensAt: new Date(Date.now() + 1_200) });
  expect(await room.enter('a')).toMatchObject({ position: 1, estimatedWaitSeconds: 2, askAgainSeconds: 1 });
  expect(await room.enter('b')).toMatchObject({ position: 2, estimatedWaitSeconds: undefined });
  await expect.poll(() => room.ask('a'), { timeout: 3_000 }).toBe('inside');
  expect(Date.now()).toBeGreaterThanOrEqual(room.room.opensAt!.getTime());
  expect(await room.ask('b')).toBe(1);
});

it('forgets everybody with Redis, and goes on', async () => {
  open({ places: 2 });
  for (const name of ['a', 'b', 'c']) await room.ask(name);
  await room.redis[0]!.del(['', 'inside', 'queue', 'away', 'due'].map((name) => room.key(name)));
  expect([await room.ask('c'), await room.ask('b'), await room.ask('a')]).toEqual(['inside', 'inside', 1]);
});

it('works when Redis has forgotten its scripts', async () => {
  open();
  await room.ask('a');
  await room.redis[0]!.script('FLUSH');
  expect([await room.ask('a'), await room.ask('b')]).toEqual(['inside', 1]);
  await room.redis[0]!.script('FLUSH');
  await room.leave('a');
  expect(await room.ask('b')).toBe('inside');
});

it('keeps its keys in one slot, and none of them for ever', async () => {
  open({ placeTtlSeconds: 60 });
  for (const name of ['a', 'b', 'c']) await room.ask(name);
  await room.silence('b');
  await room.ask('c');
  const keys = await room.redis[0]!.keys(`*${room.room.id}*`);
  expect(keys.toSorted()).toEqual(
    ['', 'inside', 'queue', 'away', 'due'].map((name) => room.key(name)).toSorted(),
  );
  for (const key of keys) {
    expect(key).toContain(`{${room.room.id}}`);
    const ttl = await room.redis[0]!.pttl(key);
    expect(ttl).toBeGreaterThan(60_000);
    expect(ttl).toBeLessThanOrEqual(360_000);
  }
});
