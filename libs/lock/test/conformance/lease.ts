import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { eventually, within } from '../support/eventually.js';
import { hold } from '../support/hold.js';
import type { Subject } from '../support/subject.js';
import { nothing, outcomeOf, type Check } from './check.js';

async function outlivesItsTtl(subject: Subject) {
  const [lock, other] = await subject.twoLocks();
  const resource = subject.resource();
  const held = await hold(lock, resource, subject.options);
  const waiting = other.withLock(resource, { ...subject.options, wait: 2.5 * subject.ttl }, nothing);
  expect(await outcomeOf(waiting)).toBe('LOCK_WAIT_TIMEOUT');
  expect(held.lease.signal.aborted).toBe(false);
  await held.release();
}

export const watchdogKeeps: Check = {
  title: 'keeps the lock beyond its TTL while the work runs',
  applies: ({ watchdog }) => watchdog,
  run: outlivesItsTtl,
};

export const hangingWorkLosesIt: Check = {
  title: 'takes the lock from work that hangs, a TTL after it has become older than it may at the latest',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const held = await hold(lock, resource, { ...subject.options, longest: subject.ttl / 2 });
    const toldBefore = other.withLock(resource, subject.options, async () => held.lease.signal.aborted);
    expect(await within(subject.deadTime(), 'the lock is released', toldBefore)).toBe(true);
    expect(held.lease.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
    expect(await outcomeOf(other.withLock(resource, subject.briefly, nothing))).toBe('granted');
  },
};

export const expiresWithoutWatchdog: Check = {
  title: 'tells its holder when the TTL has run out, before somebody else is granted the lock',
  applies: ({ watchdog, freedBy }) => !watchdog && freedBy === 'ttl',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const held = await hold(lock, resource, subject.options);
    const toldBefore = other.withLock(resource, subject.options, async () => held.lease.signal.aborted);
    expect(await within(subject.deadTime(), 'the TTL runs out', toldBefore)).toBe(true);
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
  },
};

export const neverExpires: Check = {
  title: 'does not run out while its holder works, although nothing extends it',
  applies: ({ watchdog, freedBy }) => !watchdog && freedBy === 'nobody',
  run: outlivesItsTtl,
};

export const tellsOfLoss: Check = {
  title: 'tells the holder at once, or with its next extension, that the store took the lock away',
  applies: ({ lossSeen }) => lossSeen === 'at once' || lossSeen === 'watchdog',
  async run(subject) {
    const resource = subject.resource();
    // One third of this is when the watchdog asks: far more than who is told at once may take.
    const ttl = subject.traits.lossSeen === 'at once' ? 60_000 : subject.ttl;
    const held = await hold(await subject.lock(), resource, { ...subject.options, ttl });
    await subject.store.loseLock!(resource);
    await eventually('the signal aborts', () => held.lease.signal.aborted, subject.effort.patience);
    expect(held.lease.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
  },
};

export const releaseFindsLoss: Check = {
  title: 'learns only from its release that the store took the lock away',
  applies: ({ lossSeen }) => lossSeen === 'release',
  async run(subject) {
    const resource = subject.resource();
    const held = await hold(await subject.lock(), resource, { ...subject.options, ttl: 60_000 });
    await subject.store.loseLock!(resource);
    await sleep(500);
    expect(held.lease.signal.aborted).toBe(false);
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
  },
};

export const staleReleaseIsHarmless: Check = {
  title: "leaves the lock to its new holder when an old one's release comes late",
  applies: ({ lossSeen }) => lossSeen !== 'never',
  async run(subject) {
    const resource = subject.resource();
    const [before, now] = [await subject.driver(), await subject.driver()];
    const request = { ttl: 60_000, signal: new AbortController().signal };
    const stale = await before.acquire(resource, request);
    await subject.store.loseLock!(resource);
    const current = await within(subject.deadTime(), 'it is free', now.acquire(resource, request));
    expect(await stale.release().catch(() => false), 'the stale release was of use').toBe(false);
    expect(await outcomeOf((await subject.lock()).withLock(resource, subject.briefly, nothing))).toBe(
      'LOCK_WAIT_TIMEOUT',
    );
    expect(await current.release(), 'the lock is still its new holder’s').toBe(true);
  },
};

export const reseeds: Check = {
  title: 're-seeds its tokens above a given one',
  applies: ({ tokens }) => tokens,
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const tokenOf = async (lease: { token?: bigint }) => lease.token!;
    const above = (await lock.withLock(resource, subject.options, tokenOf)) + 10_000_000_000n;
    await lock.reseed(resource, above);
    expect(await other.withLock(resource, subject.options, tokenOf)).toBeGreaterThan(above);
  },
};

export const cannotReseed: Check = {
  title: 'refuses to re-seed tokens that it does not give out',
  applies: ({ tokens }) => !tokens,
  async run(subject) {
    const lock = await subject.lock();
    await expect(lock.reseed(subject.resource(), 1n)).rejects.toBeInstanceOf(RangeError);
  },
};
