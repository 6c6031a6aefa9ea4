import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Grant, LockDriver } from './contract.js';
import { LockAbortedError, LockLostError } from './errors.js';
import { Lock } from './lock.js';

const options = { ttl: 60_000, wait: 1_000 };
const granting = (grant: Partial<Grant>): LockDriver => ({
  acquire: async () => ({ holder: 'me', provenAt: performance.now(), release: async () => true, ...grant }),
  close: async () => undefined,
});

it('rejects with LockLostError when the store says at the release that the lock was no longer ours', async () => {
  const lock = new Lock(granting({ release: async () => false }));
  await expect(lock.withLock('r', options, async () => 'done')).rejects.toBeInstanceOf(LockLostError);
});

it("lets the callback's own error win over the release's", async () => {
  const boom = new Error('boom');
  for (const release of [async () => false, () => Promise.reject(new Error('store down'))]) {
    const lock = new Lock(granting({ release }));
    await expect(lock.withLock('r', options, () => Promise.reject(boom))).rejects.toBe(boom);
  }
});

it('keeps the result of work that ended within its lease although the release did not reach the store', async () => {
  const lock = new Lock(granting({ release: () => Promise.reject(new Error('store down')) }));
  expect(await lock.withLock('r', options, async () => 'done')).toBe('done');
});

it('releases when the callback throws before its first await', async () => {
  let released = false;
  const lock = new Lock(granting({ release: async () => (released = true) }));
  const work = () => {
    throw new Error('boom');
  };
  await expect(lock.withLock('r', options, work)).rejects.toThrow('boom');
  expect(released).toBe(true);
});

it('knows that the lease ran out even while the event loop was blocked', async () => {
  const lock = new Lock(granting({}));
  const work = lock.withLock('r', { ttl: 30, wait: 0 }, async (lease) => {
    const end = performance.now() + 40;
    while (performance.now() < end); // no timer can fire
    expect(() => lease.throwIfLost()).toThrow(LockLostError);
  });
  await expect(work).rejects.toBeInstanceOf(LockLostError);
});

it('tells that a lease was lost though its work then failed for another reason', async () => {
  let lost = 0;
  const observer = { waiting() {}, granted() {}, released() {}, lost: () => void lost++ };
  const boom = new Error('boom');
  const work = new Lock(granting({}), observer).withLock('r', { ttl: 10, wait: 0 }, async () => {
    await sleep(30);
    throw boom;
  });
  await expect(work).rejects.toBe(boom);
  expect(lost).toBe(1);
});

it('extends while the work runs and stops with it', async () => {
  let extensions = 0;
  const lock = new Lock(granting({ extend: async () => ++extensions > 0 }));
  await lock.withLock('r', { ttl: 60, wait: 0 }, () => sleep(100));
  const then = extensions;
  expect(then).toBeGreaterThanOrEqual(3);
  await sleep(60);
  expect(extensions).toBe(then);
});

it('extends for no longer than the store grants, whatever was asked', async () => {
  let extended: () => void = () => undefined;
  const once = new Promise<void>((resolve) => (extended = resolve));
  const extend = async () => {
    setImmediate(extended);
    return true;
  };
  const lock = new Lock(granting({ ttl: 60, extend }));
  await lock.withLock('r', { ttl: 60_000, wait: 0 }, async (lease) => {
    await once;
    expect(lease.expiresAt).toBeLessThan(performance.now() + 60);
  });
});

it.each<[string, () => Promise<boolean>]>([
  ['an extension finds the lock gone', async () => false],
  ['all extensions fail at once', () => Promise.reject(new Error('store down'))],
])('aborts the lease when %s', async (_, extend) => {
  const lock = new Lock(granting({ extend }));
  let reason: unknown;
  const work = lock.withLock('r', { ttl: 60, wait: 0 }, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    reason = signal.reason;
  });
  await expect(work).rejects.toBeInstanceOf(LockLostError);
  expect(reason).toBeInstanceOf(LockLostError);
});

it('survives a store that does not answer an extension, as long as the next one does in time', async () => {
  let extensions = 0;
  const extend = () => (++extensions === 1 ? Promise.reject(new Error('store down')) : Promise.resolve(true));
  const lock = new Lock(granting({ extend }));
  expect(await lock.withLock('r', { ttl: 90, wait: 0 }, () => sleep(150, 'done'))).toBe('done');
});

it('counts a first grant that is shorter than its extensions as what it is', async () => {
  const lock = new Lock(granting({ firstTtl: 50, extend: async () => true }));
  await lock.withLock('r', options, async (lease) => {
    expect(lease.expiresAt).toBeLessThan(performance.now() + 50);
    await sleep(60);
    expect(lease.expiresAt).toBeGreaterThan(performance.now() + 30_000);
  });
});

it('does not ask the store when the caller has aborted already', async () => {
  let asked = false;
  const recorded = async () => {
    asked = true;
    throw new Error('not to be asked');
  };
  const driver: LockDriver = { ...granting({}), acquire: recorded };
  const waiting = new Lock(driver).withLock(
    'r',
    { ...options, signal: AbortSignal.abort() },
    async () => 'in',
  );
  await expect(waiting).rejects.toBeInstanceOf(LockAbortedError);
  expect(asked).toBe(false);
});

it.each<[string, Partial<Grant>]>([
  ['is extended', { extend: async () => true }],
  ['never runs out', { provenAt: undefined }],
])(
  'ends a lease that %s when its work is older than it may be, and gives the lock back though the work hangs',
  async (_, grant) => {
    let end: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (end = resolve));
    let releasedAt = 0;
    const released = new Promise<boolean>((resolve) => {
      const release = async () => {
        releasedAt ||= performance.now();
        resolve(true);
        return true;
      };
      Object.assign(grant, { release });
    });
    const begun = performance.now();
    let lostAt = 0;
    const work = new Lock(granting(grant)).withLock(
      'r',
      { ttl: 60, wait: 0, longest: 150 },
      async ({ signal }) => {
        signal.addEventListener('abort', () => (lostAt = performance.now()));
        await hanging;
      },
    );
    expect(await released).toBe(true);
    expect(lostAt - begun).toBeGreaterThanOrEqual(149);
    expect(releasedAt - lostAt).toBeGreaterThan(50); // the time for the work to end by itself
    end();
    await expect(work).rejects.toThrow('its work took longer than 150 ms');
  },
);

it('gives a lock back that was lost otherwise, at the latest when its work is older than it may be', async () => {
  let end: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => (end = resolve));
  const released = new Promise<void>((resolve) => {
    const release = async () => {
      resolve();
      return true;
    };
    const lock = new Lock(granting({ lost: AbortSignal.abort(), release }));
    lock.withLock('r', { ttl: 50, wait: 0, longest: 50 }, () => hanging).catch(() => undefined);
  });
  await released;
  end();
});
