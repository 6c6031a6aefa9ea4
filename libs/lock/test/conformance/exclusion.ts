import { expect } from 'vitest';
import { eventually } from '../support/eventually.js';
import type { Verdict } from '../support/ledger.js';
import type { Subject } from '../support/subject.js';
import { outcomeOf, type Check } from './check.js';

/** So many processes with 8 callers each, all after one resource, until they have written often enough. */
async function contend(subject: Subject, processCount: number): Promise<Verdict> {
  const resource = subject.resource();
  const processes = await subject.processes(processCount);
  const options = { ...subject.options, contenders: 8, sectionMs: 1 };
  await Promise.all(processes.map((process) => process.loop(resource, options)));
  const { writes } = subject.effort;
  const enough = async () => (await subject.ledger.judge(resource)).writes >= writes;
  await eventually(`${writes} writes`, enough, 40_000);
  const counts = await Promise.all(processes.map((process) => process.stop()));
  expect(counts.flatMap(({ errors }) => Object.entries(errors))).toEqual([]);
  return subject.ledger.judge(resource);
}

const exclusive = { lostUpdates: 0, overlaps: 0 };

export const excludesProcesses: Check = {
  title: 'lets one of 4 processes x 8 contenders in at a time: no overlap, no lost update',
  applies: ({ excludes }) => excludes === 'processes',
  async run(subject) {
    const verdict = await contend(subject, 4);
    expect(verdict).toMatchObject({ ...exclusive, value: verdict.writes });
    if (subject.traits.tokens) expect(verdict.tokensGrow, 'tokens grow from holder to holder').toBe(true);
    if (subject.traits.order !== 'none') expectEvenShares(verdict.order);
  },
};

/** While all wait all the time, serving them in order gives each process the same share. */
function expectEvenShares(order: readonly number[]) {
  const pids = [...new Set(order)];
  const complete = order.slice(Math.max(...pids.map((pid) => order.indexOf(pid))));
  const shares = pids.map((pid) => complete.filter((other) => other === pid).length / complete.length);
  expect(shares, 'share of each process').toHaveLength(4);
  for (const share of shares) expect(share, `shares ${shares.join(', ')}`).toBeGreaterThan(0.15);
}

export const excludesCallersOnly: Check = {
  title: 'keeps apart the callers of one process, and nobody else',
  applies: ({ excludes }) => excludes === 'callers of one process',
  async run(subject) {
    expect(await contend(subject, 1)).toMatchObject(exclusive);
    const { lostUpdates, overlaps } = await contend(subject, 4);
    expect(overlaps).toBeGreaterThan(0);
    expect(lostUpdates).toBeGreaterThan(0);
  },
};

export const locksEachResource: Check = {
  title: 'locks each resource on its own',
  async run(subject) {
    const lock = await subject.lock();
    const inner = (name: string) => lock.withLock(name, subject.options, async () => 'in');
    expect(await lock.withLock(subject.resource(), subject.options, () => inner(subject.resource()))).toBe(
      'in',
    );
  },
};

/** As many as a sale may have stripes. */
const MANY = 64;

export const locksManyAtOnce: Check = {
  title: `locks ${MANY} resources at once for more callers than it has connections, in several processes, and none waits for ever`,
  async run(subject) {
    const resources = Array.from({ length: MANY }, () => subject.resource());
    const contested = resources[MANY / 2]!;
    const { watchdog, excludes } = subject.traits;
    // Without a watchdog the first lock has to outlast the wait for the last.
    const options = { ttl: watchdog ? subject.ttl : 60_000, wait: 60_000, sectionMs: 1 };
    const processes = await subject.processes(excludes === 'processes' ? 3 : 1);
    const loops = processes.map((process, i) => {
      const everything = { ...options, contenders: 20, among: resources };
      return process.loop(contested, i === 2 ? { ...options, contenders: 2 } : everything);
    });
    await Promise.all(loops);
    const counts = () => Promise.all(processes.map((process) => process.count()));
    const enough = async () => (await counts()).every(({ done }) => done >= 5);
    await eventually('each process has had all locks five times', enough, 90_000);
    const ended = await Promise.all(processes.map((process) => process.stop()));
    expect(ended.flatMap(({ errors }) => Object.entries(errors))).toEqual([]);
    expect(await subject.ledger.judge(contested)).toMatchObject(exclusive);
  },
};

export const manyEndTogether: Check = {
  title: 'gives all of several locks back, and is told when one of them is lost',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resources = Array.from({ length: 3 }, () => subject.resource());
    const taken = () =>
      Promise.all(
        resources.map((each) => outcomeOf(other.withLock(each, subject.briefly, async () => undefined))),
      );
    const during = await lock.withLocks(resources, subject.options, taken);
    expect(new Set(during)).toEqual(new Set(['LOCK_WAIT_TIMEOUT']));
    expect(new Set(await taken())).toEqual(new Set(['granted']));
    const withoutWaiting = lock.withLocks(resources, { ...subject.options, wait: 0 }, async () => undefined);
    expect(await outcomeOf(withoutWaiting)).toBe('granted');
    if (subject.traits.lossSeen === 'never') return;
    const losing = lock.withLocks(resources, subject.options, async (...leases) => {
      await subject.store.loseLock!(resources[2]!);
      if (subject.traits.lossSeen === 'release') return;
      const isTold = () => leases.some(({ signal }) => signal.aborted);
      await eventually('a signal aborts', isTold, subject.effort.patience);
    });
    expect(await outcomeOf(losing)).toBe('LOCK_LOST');
  },
};

export const passesResultsOn: Check = {
  title: 'returns what the work returns, throws what it throws, and is free afterwards',
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const boom = new Error('boom');
    expect(await lock.withLock(resource, subject.options, async () => 42)).toBe(42);
    await expect(lock.withLock(resource, subject.options, () => Promise.reject(boom))).rejects.toBe(boom);
    expect(await other.withLock(resource, subject.options, async () => 'in')).toBe('in');
  },
};

export const isNotReentrant: Check = {
  title: 'is not reentrant: a second acquire by the holder waits like anybody',
  async run(subject) {
    const lock = await subject.lock();
    const resource = subject.resource();
    const again = () => outcomeOf(lock.withLock(resource, subject.briefly, async () => undefined));
    expect(await lock.withLock(resource, subject.options, again)).toBe('LOCK_WAIT_TIMEOUT');
  },
};
