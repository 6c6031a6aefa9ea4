import { getEventListeners, setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Lock } from '../../src/index.js';
import { eventually, monotonicMs, within } from '../support/eventually.js';
import { hold } from '../support/hold.js';
import { nothing, seenWaiting, type Check } from './check.js';

/** Each cycle counts: a leak shows in a few. */
const LEAST_CYCLES = 1_000;
const ENOUGH_MS = 15_000;
/** What does not change for so long is settled, in milliseconds. */
const SETTLED_MS = 1_000;

const countByName = (names: readonly string[]) =>
  Object.fromEntries(
    [...new Set(names)].map((name) => [name, names.filter((other) => other === name).length]),
  );

/** What has grown, by kind. */
function growth(before: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>) {
  return Object.entries(now).filter(([kind, count]) => count > (before[kind] ?? 0));
}

/** Fails with what has grown and stays so. */
export async function expectNoGrowth(
  what: string,
  count: () => Promise<Record<string, number>>,
  before: Record<string, number>,
  withinMs: number,
) {
  let grown: unknown[] = [];
  const gone = async () => (grown = growth(before, await count())).length === 0;
  try {
    await eventually(what, gone, withinMs);
  } catch (error) {
    throw new Error(`${what}: ${JSON.stringify(grown)}`, { cause: error });
  }
}

export const cyclesLeakNothing: Check = {
  title: 'leaks no key, row, node, connection, timer or listener in 10,000 cycles, or in 15 s of them',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const caller = new AbortController();
    setMaxListeners(0, caller.signal); // many wait at a time
    // No lease is to run out in a stall of a busy disk.
    const options = { ttl: 30_000, wait: 60_000, signal: caller.signal };
    const cycle = () => lock.withLock(resource, options, nothing);
    const waitFor = async (holder: Lock, waiter: Lock) => {
      const held = await hold(holder, resource, options);
      const waiting = waiter.withLock(resource, options, nothing);
      await seenWaiting(subject, resource, holder === waiter ? 0 : 1);
      await held.release();
      await waiting;
    };
    const contend = (rounds: number) =>
      Promise.all(
        Array.from({ length: rounds }, (_, i) => (i % 2 ? other : lock).withLock(resource, options, nothing)),
      );
    // Each opens what it needs to wait for the other. When they contend, chance says who waits.
    await waitFor(lock, other);
    await waitFor(other, lock);
    await contend(16);
    const inStore = await subject.store.footprint();
    const resources = async () => countByName(process.getActiveResourcesInfo());
    const inProcess = await resources();

    await contend(50);
    const enoughAt = monotonicMs() + ENOUGH_MS;
    for (
      let done = 0;
      done < subject.effort.cycles && (done < LEAST_CYCLES || monotonicMs() < enoughAt);
      done++
    ) {
      await cycle();
    }

    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    await expectNoGrowth(
      'the store holds no more than before',
      subject.store.footprint,
      inStore,
      subject.effort.patience,
    );
    await expectNoGrowth(
      'the process holds no more than before',
      resources,
      inProcess,
      subject.effort.patience,
    );
  },
};

/** A count that no longer changes: some stores tidy up a moment after a release. */
async function settled(count: () => Promise<number>): Promise<number> {
  for (let last = await count(); ;) {
    await sleep(SETTLED_MS);
    const now = await count();
    if (now === last) return now;
    last = now;
  }
}

export const leavesWhatItSays: Check = {
  title: 'leaves as many objects per resource in the store as its table entry says',
  async run(subject) {
    const count = 30;
    const lock = await subject.lock();
    await lock.withLock(subject.resource(), subject.options, nothing);
    const objects = async () => {
      const { connections: _, ...kinds } = await subject.store.footprint();
      return Object.values(kinds).reduce((sum, number) => sum + number, 0);
    };
    let before = await settled(objects);
    // Asked again where something that an earlier check had left was gone meanwhile, such as a session that ran out.
    const left = async () => {
      for (let i = 0; i < count; i++) await lock.withLock(subject.resource(), subject.options, nothing);
      const after = await settled(objects);
      const grown = after - before;
      before = after;
      return grown === count * subject.traits.leaves;
    };
    await eventually(
      `${subject.traits.leaves} objects per resource are left`,
      left,
      3 * subject.effort.patience,
    );
  },
};

export const closesCompletely: Check = {
  title: 'leaves nothing that keeps a process alive, nor a connection, when it is closed',
  async run(subject) {
    const before = (await subject.store.footprint()).connections ?? 0;
    const process = await subject.process();
    const resource = subject.resource();
    await process.acquire(resource, subject.options);
    await process.release(resource);
    expect(await within(10_000, 'the process ends by itself', process.leave()), 'its exit code').toBe(0);
    const gone = async () => ((await subject.store.footprint()).connections ?? 0) <= before;
    await eventually('its connections are gone', gone);
  },
};
