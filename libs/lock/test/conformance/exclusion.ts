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
    if (subject.promises.fenced) expect(verdict.tokensGrow, 'tokens grow from holder to holder').toBe(true);
    if (subject.promises.order !== 'none') expectEvenShares(verdict.order);
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
