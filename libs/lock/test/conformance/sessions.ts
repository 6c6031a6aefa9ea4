import { once } from 'node:events';
import { expect } from 'vitest';
import type { Network } from '../support/network.js';
import { eventually, within } from '../support/eventually.js';
import { hold } from '../support/hold.js';
import type { Subject } from '../support/subject.js';
import type { LockTraits } from '../../src/index.js';
import { nothing, outcomeOf, queued, tokenOf, type Check } from './check.js';
import { expectNoGrowth } from './leaks.js';
import { behindNetwork } from './network.js';

const bySession = ({ freedBy }: LockTraits) => freedBy === 'session';

/** The shortest TTL with thirds that can be told from each other on a busy machine. */
const ttlOf = ({ traits }: Subject) => Math.max(traits.leastTtl, 3_000);
/** Longer than any check here. */
const LONG = { ttl: 60_000, wait: 60_000 };

const aborted = async (signal: AbortSignal) => void (signal.aborted || (await once(signal, 'abort')));

export const tellsItsTtl: Check = {
  title: 'tells what the server makes of the TTL that was asked for',
  applies: bySession,
  async run(subject) {
    const driver = await subject.driver();
    for (const [ttl, granted] of subject.store.sessions!.ttls) {
      const grant = await driver.acquire(subject.resource(), { ttl, signal: new AbortController().signal });
      expect(grant.ttl).toBe(granted);
      expect(await grant.release()).toBe(true);
    }
  },
};

export const tokenIsOfTheStore: Check = {
  title: "makes its token of the store's index of its key's creation, which grows from key to key",
  applies: bySession,
  async run(subject) {
    const lock = await subject.lock();
    const resource = subject.resource();
    let last = 0n;
    for (let i = 0; i < 3; i++) {
      const held = await hold(lock, resource, LONG);
      const [place] = await queued(subject, resource, 1);
      expect(held.lease.token).toBe(tokenOf(place!));
      expect(held.lease.token).toBeGreaterThan(last);
      last = held.lease.token!;
      await held.release();
    }
  },
};

export const keepsNamesApart: Check = {
  title: 'keeps every name apart from every other, whatever it means to the store',
  applies: bySession,
  async run(subject) {
    const lock = await subject.lock();
    const names = ['.', '..', '/', 'a/b', 'a%2Fb', 'a', 'zookeeper', 'ü ✓', '\u0000'];
    const held = await Promise.all(names.map((name) => hold(lock, name, { ...LONG, wait: 5_000 })));
    expect(held).toHaveLength(names.length);
    await Promise.all(held.map((each) => each.release()));
  },
};

export const oneSessionPerTtl: Check = {
  title: 'keeps all locks of a TTL alive by one session, and ends it when it closes',
  applies: bySession,
  async run(subject) {
    const { alive, queue } = subject.store.sessions!;
    const before = await alive();
    const driver = await subject.driver();
    const names = Array.from({ length: 5 }, () => subject.resource());
    const request = { ttl: LONG.ttl, signal: new AbortController().signal };
    await Promise.all(names.map((name) => driver.acquire(name, request)));
    expect((await alive()).filter((id) => !before.includes(id))).toHaveLength(1);
    await driver.close();
    const same = async () => (await alive()).toSorted().join() === before.toSorted().join();
    await eventually('its session has ended', same, 2_000);
    for (const name of names) expect(await queue(name)).toEqual([]);
  },
};

export const contentionLeavesNothing: Check = {
  title: 'leaves no key, session or watch after many contended cycles',
  applies: bySession,
  async run(subject) {
    const { footprint, sessions } = subject.store;
    const [one, two] = await subject.twoLocks();
    await Promise.all([one, two].map((lock) => lock.withLock(subject.resource(), LONG, nothing)));
    const resources = Array.from({ length: 5 }, () => subject.resource());
    const before = await footprint();
    const cycles = Array.from({ length: 16 }, async (_, i) => {
      for (let n = 0; n < 25; n++) await (i % 2 ? one : two).withLock(resources[n % 5]!, LONG, nothing);
    });
    await Promise.all(cycles);
    for (const resource of resources) expect(await sessions!.queue(resource)).toEqual([]);
    await expectNoGrowth('the store holds no more than before', footprint, before, 5_000);
  },
};

export const wakesOnlyTheNext: Check = {
  title: 'wakes only the next of many waiters',
  applies: bySession,
  async run(subject) {
    const network = await subject.network();
    const resource = subject.resource();
    const holder = await hold(await subject.lock(), resource, LONG);
    const next = (await subject.lock()).withLock(resource, LONG, async () => {
      await queued(subject, resource, 7);
      return network.requests;
    });
    await queued(subject, resource, 2);
    const others = await Promise.all(Array.from({ length: 6 }, () => subject.lock(network.backends)));
    const waiting = others.map((lock) => lock.withLock(resource, LONG, async () => 'in'));
    await queued(subject, resource, 8);
    await eventually('nobody asks any more', isQuiet(network));
    const before = network.requests;
    await holder.release();
    // But for what keeps their sessions alive, of which little may fall into this time.
    expect(await next).toBeLessThanOrEqual(before + 2);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'in'));
  },
};

export const tellsOfRemovedKey: Check = {
  title: 'tells the holder, well within its TTL, that an operator removed its key',
  applies: bySession,
  async run(subject) {
    const ttl = ttlOf(subject);
    const resource = subject.resource();
    const held = await hold(await subject.lock(), resource, { ...LONG, ttl });
    await subject.store.loseLock!(resource);
    await within((ttl * 2) / 3, 'the lease is lost', aborted(held.lease.signal));
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
  },
};

export const tellsAllOfEndedSession: Check = {
  title: 'tells all holders of a session that it was ended, and goes on with another',
  applies: bySession,
  async run(subject) {
    const options = { ...LONG, ttl: ttlOf(subject) };
    const { network, lock } = await behindNetwork(subject);
    const names = [subject.resource(), subject.resource()];
    const held = await Promise.all(names.map((name) => hold(lock, name, options)));
    const [place] = await queued(subject, names[0]!, 1);
    await subject.store.sessions!.end(place!.session, network);
    await within(2_000, 'both are lost', Promise.all(held.map(({ lease }) => aborted(lease.signal))));
    for (const one of held) expect(await outcomeOf(one.release())).toBe('LOCK_LOST');
    const token = await lock.withLock(names[0]!, { ...options, wait: 5_000 }, async (lease) => lease.token!);
    expect(token).toBeGreaterThan(held[0]!.lease.token!);
  },
};

export const queuesAgain: Check = {
  title: 'queues a waiter again whose session, or key, went while it waited',
  applies: bySession,
  async run(subject) {
    const { end, remove, queue } = subject.store.sessions!;
    const resource = subject.resource();
    const { network, lock } = await behindNetwork(subject);
    const holder = await hold(await subject.lock(), resource, LONG);
    const waiting = lock.withLock(resource, { ...LONG, ttl: ttlOf(subject) }, async () => 'in');
    const [, waiter] = await queued(subject, resource, 2);
    await end(waiter!.session, network);
    const again = async () => {
      const [, place] = await queue(resource);
      return place !== undefined && place.session !== waiter!.session;
    };
    await eventually('it has another place', again);
    await remove((await queue(resource))[1]!.key);
    await holder.release();
    expect(await within(8_000, 'the waiter is served', waiting)).toBe('in');
    await queued(subject, resource, 0);
  },
};

export const crashKeepsPlaces: Check = {
  title: 'keeps holder and waiter over a crash of the server',
  applies: bySession,
  crashesServer: true,
  async run(subject) {
    const resource = subject.resource();
    const held = await hold(await subject.lock(), resource, LONG);
    const waiting = (await subject.lock()).withLock(resource, LONG, async (lease) => lease.token!);
    await queued(subject, resource, 2);
    await subject.store.kill!();
    await subject.store.start!();
    const { token } = held.lease;
    await held.release();
    expect(await within(10_000, 'the waiter is served', waiting)).toBeGreaterThan(token!);
    await queued(subject, resource, 0);
  },
};

export const saysSoWithinSeconds: Check = {
  title: 'says within seconds that the store does not answer, and works once it does',
  applies: bySession,
  async run(subject) {
    const { network, lock } = await behindNetwork(subject);
    const options = { ttl: ttlOf(subject), wait: 30_000 };
    const ask = () => outcomeOf(lock.withLock(subject.resource(), options, nothing));
    for (const fault of [network.cut, network.blackhole]) {
      fault();
      expect(await within(8_000, 'it is refused', ask())).toBe('LOCK_BACKEND_UNAVAILABLE');
      network.heal();
      await eventually('it is granted', async () => (await ask()) === 'granted');
    }
  },
};

/** Whether no client has sent anything for a while. */
function isQuiet(network: Network) {
  let seen = -1;
  let since = performance.now();
  return () => {
    if (network.requests !== seen) [seen, since] = [network.requests, performance.now()];
    return performance.now() - since > 300;
  };
}
