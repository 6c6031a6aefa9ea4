import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, inject, it } from 'vitest';
import { TestRoom } from './support/room.js';

const CROWD = new URL('./support/crowd.ts', import.meta.url);
const PLACES = 4;
/** The places that the dead leave run out after 4 s, and a busy machine takes its time. */
const patient = { timeout: 20_000 };

let room: TestRoom;
const crowds = new Set<ChildProcess>();
afterEach(async () => {
  await Promise.all([...crowds].map(killed));
  await room.close();
});

const crowd = (buyers: number, ...more: string[]) => {
  const { id, places, placeTtlSeconds } = room.room;
  const args = [inject('redisUrl'), id, places, placeTtlSeconds, buyers, ...more].map(String);
  const process = fork(CROWD, args, { execArgv: ['--import', 'tsx'] });
  crowds.add(process);
  process.once('exit', () => crowds.delete(process));
  return process;
};

async function killed(process: ChildProcess) {
  const gone = once(process, 'exit');
  process.kill('SIGKILL');
  await gone;
}

it('never lets more in than there are places, and as many, over several processes', async () => {
  room = new TestRoom({ places: PLACES });
  const most = await Promise.all([1, 2, 3].map(async () => (await once(crowd(60), 'message'))[0] as number));
  expect(Math.max(...most)).toBe(PLACES);
  expect(await room.occupancy()).toEqual({ inside: 0, waiting: 0 });
});

it('has all its places again when those who held them are gone', async () => {
  room = new TestRoom({ places: PLACES, placeTtlSeconds: 4 });
  const doomed = crowd(PLACES, 'stays');
  await expect.poll(() => room.occupancy(), patient).toMatchObject({ inside: PLACES });
  await killed(doomed);
  expect(await room.ask('a')).toBe(1);
  await expect.poll(() => room.ask('a'), patient).toBe('inside');
  for (const name of ['b', 'c', 'd']) await expect.poll(() => room.ask(name), patient).toBe('inside');
  expect(await room.ask('e')).toBe(1);
});

it('does not wait for those who are gone', async () => {
  room = new TestRoom();
  await room.ask('inside');
  const doomed = crowd(3, 'stays');
  await expect.poll(() => room.occupancy(), patient).toMatchObject({ waiting: 3 });
  await killed(doomed);
  expect(await room.ask('a')).toBe(4);
  await room.leave('inside');
  await expect.poll(() => room.ask('a'), patient).toBe('inside');
});
