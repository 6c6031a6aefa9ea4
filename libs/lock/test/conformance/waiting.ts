import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { eventually, within } from '../support/eventually.js';
import { hold } from '../support/hold.js';
import type { Subject } from '../support/subject.js';
import { nothing, outcomeOf, seenWaiting, type Check } from './check.js';
import { expectNoGrowth } from './leaks.js';
import { behindNetwork, overNetwork } from './network.js';

const afterHolderIsDone = async (subject: Subject, resource: string) => {
  const third = await subject.lock();
  await within(
    subject.effort.patience,
    'the lock is free',
    third.withLock(resource, subject.options, nothing),
  );
};

export const timesOut: Check = {
  title: 'gives up waiting after `wait`, and leaves no trace',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const held = await hold(lock, resource, subject.options);
    const waiting = outcomeOf(other.withLock(resource, subject.briefly, nothing));
    expect(await within(subject.effort.patience, 'the wait ends', waiting)).toBe('LOCK_WAIT_TIMEOUT');
    await expectNobodyWaits(subject, resource);
    await held.release();
    if (other !== lock) await afterHolderIsDone(subject, resource);
    else
      await within(
        subject.effort.patience,
        'the lock is free',
        other.withLock(resource, subject.options, nothing),
      );
  },
};

/** With less patience than the store needs to answer. */
const WAITS = [0, 1];

export const grantsWithoutWaiting: Check = {
  title: 'grants a free lock to a caller who does not wait, be the store far away or not connected yet',
  async run(subject) {
    const network = overNetwork(subject.traits) ? await subject.network() : undefined;
    const lock = await subject.lock(network?.backends);
    network?.delay(25);
    for (const wait of [...WAITS, ...WAITS]) {
      const asked = lock.withLock(subject.resource(), { ...subject.options, wait }, nothing);
      expect(await outcomeOf(asked), `with a wait of ${wait} ms`).toBe('granted');
    }
  },
};

export const refusesAtOnce: Check = {
  title: 'refuses a lock that is taken to a caller who does not wait, and leaves no trace',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const traces = async () => {
      const { connections: _, ...kinds } = await subject.store.footprint();
      return kinds;
    };
    for (const each of [lock, other]) await each.withLock(resource, subject.options, nothing); // connected
    const before = await traces();
    const held = await hold(lock, resource, subject.options);
    for (const wait of WAITS) {
      const asked = outcomeOf(other.withLock(resource, { ...subject.options, wait }, nothing));
      expect(await within(subject.effort.patience, 'it is refused', asked)).toBe('LOCK_WAIT_TIMEOUT');
    }
    await expectNobodyWaits(subject, resource);
    await held.release();
    await within(
      subject.effort.patience,
      'the lock is free',
      other.withLock(resource, subject.options, nothing),
    );
    await expectNoGrowth('the store holds no more than before', traces, before, subject.effort.patience);
  },
};

export const doesNotWaitForSilence: Check = {
  title: 'tells a caller who does not wait that the store does not answer, and leaves no trace',
  applies: overNetwork,
  async run(subject) {
    const { network, lock } = await behindNetwork(subject);
    const resource = subject.resource();
    network.blackhole();
    const asked = outcomeOf(lock.withLock(resource, { ...subject.options, wait: 0 }, nothing));
    expect(await within(10_000, 'it is told', asked)).toMatch(/UNAVAILABLE|UNREACHABLE/);
    network.heal();
    await expectNobodyWaits(subject, resource);
    await within(
      subject.deadTime(),
      'the lock is free',
      (await subject.lock()).withLock(resource, subject.options, nothing),
    );
  },
};

export const aborts: Check = {
  title: 'gives up waiting when the caller aborts, and leaves no trace',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const held = await hold(lock, resource, subject.options);
    const caller = new AbortController();
    const abandoned = Array.from({ length: 8 }, () =>
      outcomeOf(other.withLock(resource, { ...subject.options, signal: caller.signal }, nothing)),
    );
    const staying = other.withLock(resource, subject.options, async () => 'in');
    staying.catch(nothing); // looked at below, if it comes to that
    if (other !== lock) await seenWaiting(subject, resource, 1);
    caller.abort(new Error('shutting down'));
    const outcomes = await within(subject.effort.patience, 'the waits end', Promise.all(abandoned));
    expect(new Set(outcomes)).toEqual(new Set(['LOCK_ABORTED']));
    await held.release();
    expect(await within(subject.effort.patience, 'who did not abort is served', staying)).toBe('in');
    await expectNobodyWaits(subject, resource);
  },
};

export const abortsAtTheHandOver: Check = {
  title: 'is free again when a caller aborts at the very moment of the hand-over',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    for (let round = 0; round < 30; round++) {
      const held = await hold(lock, resource, subject.options);
      const caller = new AbortController();
      const waiting = outcomeOf(
        other.withLock(resource, { ...subject.options, signal: caller.signal }, nothing),
      );
      const released = held.release();
      await sleep(round % 6); // sooner or later than the hand-over
      caller.abort();
      await released;
      expect(['granted', 'LOCK_ABORTED']).toContain(
        await within(subject.effort.patience, 'the wait ends', waiting),
      );
      await within(subject.deadTime(), 'it is free', lock.withLock(resource, subject.options, nothing));
    }
  },
};

export const servesCallersInOrder: Check = {
  title: 'serves the callers of a process in the order they asked, even at the same moment',
  applies: ({ order }) => order === 'first come',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const held = await hold(lock, resource, subject.options);
    const order: number[] = [];
    const waiters = Array.from({ length: 8 }, (_, i) =>
      other.withLock(resource, subject.options, async () => void order.push(i)),
    );
    if (other !== lock) await seenWaiting(subject, resource, 1);
    await held.release();
    await Promise.all(waiters);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  },
};

export const servesProcessesInOrder: Check = {
  title:
    'serves processes in the order they asked, with growing tokens, past one that was killed while it waited',
  applies: ({ order, excludes }) => order !== 'none' && excludes === 'processes',
  async run(subject) {
    const processes = await subject.processes(4);
    const resource = subject.resource();
    const held = await hold(await subject.lock(), resource, subject.options);
    const granted: number[] = [];
    const tokens: (bigint | undefined)[] = [held.lease.token];
    const served = processes.map(async (process, i) => {
      await seenWaiting(subject, resource, i);
      const { token } = await process.acquire(resource, subject.options);
      granted.push(i);
      tokens.push(token);
      await process.release(resource);
    });
    await seenWaiting(subject, resource, 4);
    const killed = served[1]!.catch(messageOf);
    await processes[1]!.kill();
    await held.release();
    await within(subject.deadTime(), 'the others are served', Promise.all(served.toSpliced(1, 1)));
    expect(await killed).toMatch('ended');
    expect(granted).toEqual([0, 2, 3]);
    if (subject.traits.tokens) expect(tokens).toEqual(tokens.toSorted(byValue));
  },
};

const messageOf = (error: unknown) => String(error);

const byValue = (a?: bigint, b?: bigint) => (a! < b! ? -1 : 1);

export const survivesKilledWaiter: Check = {
  title: 'is not held up by a process that was killed while it waited',
  applies: ({ order, excludes }) => order === 'none' && excludes === 'processes',
  async run(subject) {
    const [doomed] = await subject.processes(1);
    const resource = subject.resource();
    const held = await hold(await subject.lock(), resource, subject.options);
    const killed = doomed!.acquire(resource, subject.options).catch(messageOf);
    await seenWaiting(subject, resource, 1);
    await doomed!.kill();
    expect(await killed).toMatch('ended');
    await held.release();
    await afterHolderIsDone(subject, resource);
  },
};

async function expectNobodyWaits(subject: Subject, resource: string) {
  const { waiters } = subject.store;
  if (!waiters) return;
  await eventually(
    'nobody waits in the store',
    async () => (await waiters(resource)) === 0,
    subject.effort.patience,
  );
}
