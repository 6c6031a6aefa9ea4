import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Lock,
  LockAbortedError,
  LockLostError,
  LockWaitTimeoutError,
  type Lease,
  type LockDriver,
} from '../src/index.js';

/** What a driver promises beyond mutual exclusion. */
interface Promises {
  readonly fifo: boolean;
  readonly fenced: boolean;
  /** Outlives its TTL while its work runs. */
  readonly watchdog: boolean;
  /** Runs out when its holder vanishes. */
  readonly expires: boolean;
  /** Two drivers (two processes) exclude each other. */
  readonly distributed: boolean;
}

/** The suite that every driver passes against its real server. What a driver cannot promise is asserted as it is. */
export function lockConformance(name: string, promises: Promises, create: () => Promise<LockDriver>) {
  const options = { ttl: 2_000, wait: 10_000 };
  const resources = resourceNames(name);
  const forever = () => new Promise<never>(() => undefined);

  describe(`lock driver ${name}`, () => {
    const drivers: LockDriver[] = [];
    let lock: Lock;
    let other: Lock;
    const open = async () => {
      const driver = await create();
      drivers.push(driver);
      return driver;
    };
    beforeAll(async () => {
      lock = new Lock(await open());
      other = promises.distributed ? new Lock(await open()) : lock;
    });
    afterAll(() => Promise.all(drivers.map((driver) => driver.close())));

    it('lets one holder in at a time', async () => {
      const resource = resources();
      let inside = 0;
      let most = 0;
      let shared = 0;
      const contend = (by: Lock) =>
        by.withLock(resource, options, async () => {
          most = Math.max(most, ++inside);
          const read = shared;
          await sleep(1);
          shared = read + 1;
          inside--;
        });
      await Promise.all(Array.from({ length: 40 }, (_, i) => contend(i % 2 ? lock : other)));
      expect({ most, shared }).toEqual({ most: 1, shared: 40 });
    });

    it('locks each resource on its own', async () => {
      const [a, b] = [resources(), resources()];
      const inner = await lock.withLock(a, options, () =>
        lock.withLock(b, { ...options, wait: 500 }, async () => 'in'),
      );
      expect(inner).toBe('in');
    });

    it('returns what the work returns, and throws what it throws', async () => {
      const resource = resources();
      expect(await lock.withLock(resource, options, async () => 42)).toBe(42);
      const boom = new Error('boom');
      await expect(lock.withLock(resource, options, () => Promise.reject(boom))).rejects.toBe(boom);
      expect(await other.withLock(resource, { ...options, wait: 500 }, async () => 'free again')).toBe(
        'free again',
      );
    });

    it('gives up waiting after `wait` and leaves no trace in the queue', async () => {
      const resource = resources();
      const done = await held(lock, resource);
      const waiting = other.withLock(resource, { ...options, wait: 150 }, async () => 'in');
      await expect(waiting).rejects.toBeInstanceOf(LockWaitTimeoutError);
      await done();
      expect(await other.withLock(resource, { ...options, wait: 500 }, async () => 'in')).toBe('in');
    });

    it('gives up waiting when the caller aborts', async () => {
      const resource = resources();
      const done = await held(lock, resource);
      const caller = new AbortController();
      const waiting = other.withLock(resource, { ...options, signal: caller.signal }, async () => 'in');
      caller.abort(new Error('shutting down'));
      await expect(waiting).rejects.toBeInstanceOf(LockAbortedError);
      await done();
      expect(await other.withLock(resource, { ...options, wait: 500 }, async () => 'in')).toBe('in');
    });

    it.runIf(promises.fifo)('serves waiters in the order they asked', async () => {
      const resource = resources();
      const done = await held(lock, resource);
      const order: number[] = [];
      const waiters: Promise<void>[] = [];
      for (let i = 0; i < 8; i++) {
        waiters.push((i % 2 ? lock : other).withLock(resource, options, async () => void order.push(i)));
        await sleep(20); // each one asks after the one before it was queued
      }
      await done();
      await Promise.all(waiters);
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });

    it.runIf(promises.fenced)('gives out strictly growing tokens', async () => {
      const resource = resources();
      const tokens: bigint[] = [];
      const take = (by: Lock) =>
        by.withLock(resource, options, async (lease) => void tokens.push(lease.token!));
      await Promise.all(Array.from({ length: 50 }, (_, i) => take(i % 2 ? lock : other)));
      expect(tokens).toHaveLength(50);
      for (const [i, token] of tokens.entries()) if (i > 0) expect(token).toBeGreaterThan(tokens[i - 1]!);
    });

    it.runIf(promises.fenced)('re-seeds its tokens above a given one', async () => {
      const resource = resources();
      const before = await lock.withLock(resource, options, async (lease) => lease.token!);
      const above = before + 10_000_000_000n;
      await lock.reseed(resource, above);
      expect(await other.withLock(resource, options, async (lease) => lease.token!)).toBeGreaterThan(above);
    });

    it.runIf(promises.watchdog)('keeps the lock beyond its TTL while the work runs', async () => {
      const resource = resources();
      const done = await held(lock, resource, { ttl: 300, wait: 0 });
      const waiting = other.withLock(resource, { ttl: 300, wait: 1_000 }, async () => 'in');
      await expect(waiting).rejects.toBeInstanceOf(LockWaitTimeoutError);
      await done();
    });

    it.runIf(promises.expires && !promises.watchdog)(
      'tells its holder when the TTL has run out',
      async () => {
        const resource = resources();
        let heard: unknown;
        const work = async (lease: Lease) =>
          new Promise<string>((resolve) => {
            lease.signal.addEventListener('abort', () => {
              heard = lease.signal.reason;
              resolve('returned normally');
            });
          });
        await expect(lock.withLock(resource, { ttl: 200, wait: 0 }, work)).rejects.toBeInstanceOf(
          LockLostError,
        );
        expect(heard).toBeInstanceOf(LockLostError);
      },
    );

    it.runIf(promises.expires)('frees the lock of a holder that vanished, within its TTL', async () => {
      const resource = resources();
      const doomed = await open();
      await doomed.acquire(resource, { ttl: 400, signal: new AbortController().signal });
      await doomed.close();
      expect(await other.withLock(resource, options, async () => 'in')).toBe('in');
    });

    it.runIf(promises.fifo && promises.distributed)('skips a waiter that vanished', async () => {
      const resource = resources();
      const done = await held(lock, resource);
      const doomed = await open();
      doomed.acquire(resource, { ttl: 60_000, signal: new AbortController().signal }).catch(() => undefined);
      await sleep(100);
      await doomed.close();
      const waiting = other.withLock(resource, { ttl: 60_000, wait: 5_000 }, async () => 'in');
      await sleep(50);
      await done();
      expect(await waiting).toBe('in');
    });

    it('survives a thousand uncontended cycles', async () => {
      const resource = resources();
      for (let i = 0; i < 1_000; i++) await lock.withLock(resource, options, async () => undefined);
    });

    /** Holds the lock until the returned function is called. */
    async function held(by: Lock, resource: string, heldOptions = options) {
      let release: () => void = () => undefined;
      const until = new Promise<void>((resolve) => (release = resolve));
      let work: Promise<void> = forever();
      await new Promise<void>((granted, failed) => {
        work = by.withLock(resource, { ...heldOptions, wait: 2_000 }, async () => {
          granted();
          await until;
        });
        work.catch(failed);
      });
      return async () => {
        release();
        await work;
      };
    }
  });
}

function resourceNames(name: string) {
  let n = 0;
  const run = `${process.pid}-${Date.now()}`;
  return () => `conformance:${name}:${run}:${++n}`;
}
