import { Redis } from 'ioredis';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { LockWaitTimeoutError, Semaphore, type Lease } from '../src/index.js';

const PERMIT_HOLDER = new URL('./support/permit-holder.ts', import.meta.url);
const redis = new Redis(inject('redisUrl'));
const opened: Semaphore[] = [];
/** As another process has it: connections of its own. */
const open = (permits: number) => {
  const semaphore = new Semaphore(redis, permits);
  opened.push(semaphore);
  return semaphore;
};
afterAll(async () => {
  await Promise.all(opened.map((semaphore) => semaphore.close()));
  await redis.quit();
});

let n = 0;
const resourceName = () => `semaphore:${process.pid}:${Date.now()}:${++n}`;
const options = { ttl: 5_000, wait: 10_000 };

describe.each([1, 3])('with %i permits', (permits) => {
  it('never lets more in, and lets as many in', async () => {
    const resource = resourceName();
    const semaphores = [open(permits), open(permits), open(permits)];
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(2);
      inside--;
    };
    const callers = Array.from({ length: 60 }, (_, i) =>
      semaphores[i % 3]!.withPermit(resource, options, work),
    );
    await Promise.all(callers);
    expect(most).toBe(permits);
    expect(await redis.exists(`semaphore:{${resource}}`, `semaphore:{${resource}}:queue`)).toBe(0);
  });

  it('gives every holder a larger token than the ones before', async () => {
    const resource = resourceName();
    const [one, two] = [open(permits), open(permits)];
    const tokens: bigint[] = [];
    const note = async ({ token }: Lease) => void tokens.push(token!);
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? one : two).withPermit(resource, options, note)),
    );
    expect(new Set(tokens).size).toBe(40);
    if (permits === 1) expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it('serves waiters in the order they asked', async () => {
    const resource = resourceName();
    const inside: string[] = [];
    const doors: (() => void)[] = [];
    const enter = (name: string) =>
      open(permits).withPermit(resource, options, async () => {
        inside.push(name);
        await new Promise<void>((resolve) => doors.push(resolve));
      });
    const callers: Promise<void>[] = [];
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const [i, name] of names.entries()) {
      callers.push(enter(name));
      const queued = Math.max(i + 1 - permits, 0);
      await expect.poll(() => redis.llen(`semaphore:{${resource}}:queue`)).toBe(queued);
      await expect.poll(() => inside.length).toBe(i + 1 - queued);
    }
    for (let left = 1; left <= names.length; left++) {
      doors.shift()!();
      await expect.poll(() => inside.length).toBe(Math.min(left + permits, names.length));
    }
    expect(inside).toEqual(names);
    await Promise.all(callers);
  });

  it.each([
    ['at the end of their TTL', 1_000, false],
    ['at once with early takeover, whatever the TTL', 60_000, true],
  ])('gets the permits of a killed process back, all of them, %s', async (_, ttl, earlyTakeover) => {
    const resource = resourceName();
    const args = [inject('redisUrl'), resource, permits, ttl, earlyTakeover].map(String);
    const doomed = fork(PERMIT_HOLDER, args, { execArgv: ['--import', 'tsx'] });
    await once(doomed, 'message');
    doomed.kill('SIGKILL');
    const release = await fill(open(permits), resource, permits, options.ttl, earlyTakeover);
    await release();
  });

  it('keeps its permits beyond their TTL while the work runs', async () => {
    const resource = resourceName();
    const release = await fill(open(permits), resource, permits, 300);
    const late = open(permits).withPermit(resource, { ttl: 300, wait: 1_000 }, async () => 'in');
    await expect(late).rejects.toBeInstanceOf(LockWaitTimeoutError);
    await release();
  });
});

it('refuses a number of permits that is none', () => {
  for (const permits of [0, -1, 1.5, Number.NaN])
    expect(() => new Semaphore(redis, permits)).toThrow(RangeError);
});

/** Takes all permits at once, in one process; the result gives them back. */
async function fill(
  semaphore: Semaphore,
  resource: string,
  permits: number,
  ttl = options.ttl,
  earlyTakeover = false,
) {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (release = resolve));
  const holders: Promise<void>[] = [];
  for (let i = 0; i < permits; i++) {
    await new Promise<void>((inside, failed) => {
      const holder = semaphore.withPermit(resource, { ...options, ttl, earlyTakeover }, async () => {
        inside();
        await until;
      });
      holder.catch(failed);
      holders.push(holder);
    });
  }
  return async () => {
    release();
    await Promise.all(holders);
  };
}
