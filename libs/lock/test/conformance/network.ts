import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { Lock, runsOut } from '../../src/index.js';
import type { Network } from '../support/network.js';
import { eventually, within } from '../support/eventually.js';
import { hold } from '../support/hold.js';
import type { Subject } from '../support/subject.js';
import { nothing, outcomeOf, type Check } from './check.js';
import { OUTAGE_CODES } from './restart.js';

export const overNetwork = ({ serverCrash }: { serverCrash: string }) => serverCrash !== 'no server';

/** A lock whose driver reaches the store through a network of its own, and works there. */
export async function behindNetwork(subject: Subject) {
  const network = await subject.network();
  const driver = await subject.driver(network.backends);
  const lock = new Lock(driver);
  const connected = async () =>
    (await outcomeOf(lock.withLock(subject.resource(), subject.options, nothing))) === 'granted';
  await eventually('it works behind the network', connected);
  return { network, driver, lock };
}

/** A holder that `isolate` separates from its store, while another caller waits. */
async function isolateHolder(subject: Subject, isolate: (network: Network) => void) {
  const { network, lock } = await behindNetwork(subject);
  const other = await subject.lock();
  const resource = subject.resource();
  const held = await hold(lock, resource, subject.options);
  const waiting = hold(other, resource, { ...subject.options, wait: 120_000 });
  isolate(network);
  /** Where the event loop is late, the lease's own reading of the clock counts: `throwIfLost` goes by it. */
  const endedBefore = () => held.lease.signal.aborted || held.lease.expiresAt <= performance.now();
  return { network, held, waiting, endedBefore };
}

export const silencedHolderHearsFirst: Check = {
  title: 'tells a holder whose network swallows everything before the store can give its lock away',
  applies: (traits) => overNetwork(traits) && traits.freedBy !== 'nobody',
  async run(subject) {
    const { network, held, waiting, endedBefore } = await isolateHolder(subject, (link) => link.blackhole());
    const granted = waiting.then(endedBefore);
    await eventually('the holder is told', () => held.lease.signal.aborted, subject.deadTime());
    // The server sees no end of a connection that says nothing; then only its own time-outs end the session.
    if (subject.traits.freedBy === 'connection') network.cut();
    expect(await within(subject.deadTime(), 'the lock is given away', granted)).toBe(true);
    network.heal();
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
    await outcomeOf(waiting.then((next) => next.release()));
  },
};

export const cutOffHolderHearsFirst: Check = {
  title: 'tells a holder whose connections break before the store gives its lock away',
  applies: runsOut,
  async run(subject) {
    const { held, waiting, endedBefore } = await isolateHolder(subject, (link) => link.cut());
    expect(await within(subject.deadTime(), 'the lock is given away', waiting.then(endedBefore))).toBe(true);
    await eventually('the holder is told', () => held.lease.signal.aborted);
    expect(held.lease.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
  },
};

export const cutOffHolderIsTold: Check = {
  title: 'tells a holder whose connection breaks, about when the server frees its lock',
  applies: ({ freedBy }) => freedBy === 'connection',
  async run(subject) {
    const { held, waiting } = await isolateHolder(subject, (link) => link.cut());
    await within(5_000, 'the lock is given away', waiting);
    await eventually('the holder is told', () => held.lease.signal.aborted, 5_000);
    expect(held.lease.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
  },
};

export const cutOffHolderIsFencedOff: Check = {
  title: 'refuses the write of a holder that was only cut off and taken over early',
  applies: ({ takeover }) => takeover,
  async run(subject) {
    const { network, lock } = await behindNetwork(subject);
    const other = await subject.lock();
    const resource = subject.resource();
    const options = { ttl: 60_000, wait: 30_000, earlyTakeover: true };
    const section = (token: bigint | undefined, work: () => Promise<unknown>) =>
      subject.ledger.section(resource, { token, fenced: true }, work);
    const held = await hold(lock, resource, options);
    const written = await section(held.lease.token, async () => {
      network.cut();
      const overtaken = other.withLock(resource, options, ({ token }) => section(token, nothing));
      expect(await within(10_000, 'the lock is taken over', overtaken)).toBe(true);
    });
    expect(written, 'the write of the old holder').toBe(false);
    expect(await subject.ledger.judge(resource)).toMatchObject({ lostUpdates: 0, writes: 1 });
  },
};

export const leavesSilentConnections: Check = {
  title:
    'leaves connections that swallow everything, and does on new ones what it is asked for, within seconds',
  applies: overNetwork,
  async run(subject) {
    const { network, lock } = await behindNetwork(subject);
    const { freedBy } = subject.traits;
    const held = await hold(lock, subject.resource(), { ttl: 40_000, wait: 10_000 });
    void network.forget();
    const served = async () =>
      (await outcomeOf(lock.withLock(subject.resource(), { ttl: 40_000, wait: 0 }, nothing))) === 'granted';
    await eventually('a lock is granted over a new connection', served, 12_000);
    const isLost = held.lease.signal.aborted;
    const released = await outcomeOf(held.release());
    if (freedBy !== 'connection')
      expect({ isLost, released }).toEqual({ isLost: false, released: 'granted' });
  },
};

/** Breaks the waiter's network only. */
const isolatedWaiter = (how: string, isolate: (network: Network) => void): Check => ({
  title: `does not keep a waiter hanging whose ${how}, leaves the holder alone, and serves it once that is over`,
  applies: overNetwork,
  async run(subject) {
    const { network, lock } = await behindNetwork(subject);
    const resource = subject.resource();
    const held = await hold(
      await subject.lock(),
      resource,
      subject.traits.watchdog ? subject.options : { ...subject.options, ttl: 120_000 },
    );
    const waiting = outcomeOf(lock.withLock(resource, { ...subject.options, wait: 8_000 }, nothing));
    await sleep(200); // in the middle of its wait
    isolate(network);
    expect(OUTAGE_CODES).toContain(await within(25_000, 'the wait ends', waiting));
    const asking = outcomeOf(lock.withLock(resource, { ...subject.options, wait: 60_000 }, nothing));
    expect(await within(25_000, 'a new caller is told', asking)).toMatch(/UNAVAILABLE|UNREACHABLE/);
    expect(held.lease.signal.aborted).toBe(false);
    network.heal();
    await held.release();
    const served = async () =>
      (await outcomeOf(lock.withLock(resource, subject.options, nothing))) === 'granted';
    await eventually('it is served', served, subject.deadTime() + 20_000);
  },
});

export const cutOffWaiter = isolatedWaiter('connections break', (network) => network.cut());
export const silencedWaiter = isolatedWaiter('network swallows everything', (network) => network.blackhole());

export const slowNetwork: Check = {
  title: 'excludes and keeps its leases over a network with 100 ms round trips',
  applies: overNetwork,
  async run(subject) {
    const { network, lock: slow } = await behindNetwork(subject);
    const fast = await subject.lock();
    const resource = subject.resource();
    network.delay(50);
    const work = (lock: typeof slow) =>
      lock.withLock(resource, subject.options, ({ token }) =>
        subject.ledger.section(resource, { token }, () => sleep(5)),
      );
    await Promise.all(Array.from({ length: 24 }, (_, i) => work(i % 2 ? slow : fast)));
    expect(await subject.ledger.judge(resource)).toMatchObject({ writes: 24, lostUpdates: 0, overlaps: 0 });
    if (!subject.traits.watchdog) return;
    const held = await hold(slow, resource, subject.options);
    const waiting = fast.withLock(resource, { ...subject.options, wait: 2 * subject.ttl }, nothing);
    expect(await outcomeOf(waiting)).toBe('LOCK_WAIT_TIMEOUT');
    await held.release();
  },
};

export const unknownOutcome: Check = {
  title: 'neither grants twice nor stays locked when the answer to an acquire is lost',
  applies: (traits) => overNetwork(traits) && traits.freedBy !== 'nobody',
  async run(subject) {
    const { network, lock } = await behindNetwork(subject);
    const other = await subject.lock();
    const resource = subject.resource();
    network.holdAnswers();
    const asking = hold(lock, resource, { ...subject.options, wait: 2_000 });
    const outcome = outcomeOf(asking);
    await sleep(200); // the request has arrived
    network.cut();
    network.heal();
    if ((await within(25_000, 'the caller is told', outcome)) === 'granted') {
      const held = await asking;
      expect(await outcomeOf(other.withLock(resource, subject.briefly, nothing))).toBe('LOCK_WAIT_TIMEOUT');
      await held.release();
    }
    await within(
      subject.deadTime(),
      'it is free',
      other.withLock(resource, { ...subject.options, wait: 120_000 }, nothing),
    );
  },
};

export const pushesOrPolls: Check = {
  title:
    'wakes its waiters as its table entry says: a pushed waiter is silent while it waits, a polling one is not',
  applies: overNetwork,
  async run(subject) {
    const { network, lock } = await behindNetwork(subject);
    const resource = subject.resource();
    const held = await hold(await subject.lock(), resource, { ...subject.options, ttl: 60_000 });
    const waiting = outcomeOf(lock.withLock(resource, { ...subject.options, wait: 3_000 }, nothing));
    await sleep(1_000);
    const before = network.requests;
    await sleep(1_500);
    const requests = network.requests - before;
    const promised = subject.traits.wakeUp;
    expect(requests >= 10 ? 'polling' : 'push', `${requests} requests in 1.5 s`).toBe(promised);
    await waiting;
    await held.release();
  },
};
