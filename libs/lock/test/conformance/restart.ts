import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ContenderProcess } from '../support/contender-process.js';
import { eventually, within } from '../support/eventually.js';
import { hold } from '../support/hold.js';
import type { Subject } from '../support/subject.js';
import { nothing, outcomeOf, type Check } from './check.js';

/** What a caller may be told while its store is away. */
export const OUTAGE_CODES = [
  'LOCK_BACKEND_UNAVAILABLE',
  'LOCK_QUORUM_UNREACHABLE',
  'LOCK_LOST',
  'LOCK_WAIT_TIMEOUT',
];

export const goesOnAfterServerCrash: Check = {
  title:
    'works again, without a lost update and without a restart of its clients, after its server crashed under load',
  applies: ({ serverCrash }) => serverCrash !== 'no server',
  crashesServer: true,
  async run(subject) {
    const resource = subject.resource();
    const processes = await subject.processes(4);
    const { tokens, order, takeover } = subject.traits;
    const options = { ...subject.options, earlyTakeover: tokens, contenders: 4, sectionMs: 2 };
    await Promise.all(processes.map((process) => process.loop(resource, options)));
    const done = () => Promise.all(processes.map(async (process) => (await process.count()).done));
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    await eventually('50 sections', async () => sum(await done()) >= 50, 20_000);
    await crash(subject, 300);

    const back = await done();
    const goesOn = async () => {
      const now = await done();
      const each = now.every((count, i) => count > back[i]!);
      return sum(now) >= sum(back) + 50 && (each || order === 'none');
    };
    await eventually('every process is served again', goesOn, subject.deadTime() + 30_000);
    const counts = await Promise.all(processes.map((process) => process.stop()));
    for (const code of counts.flatMap(({ errors }) => Object.keys(errors)))
      expect(OUTAGE_CODES).toContain(code);
    const verdict = await subject.ledger.judge(resource);
    expect(verdict.lostUpdates).toBe(0);
    // Taken over early, a holder may still be at work; its write is refused.
    if (!takeover) expect(verdict.overlaps).toBe(0);
  },
};

export const heldThroughServerCrash: Check = {
  title:
    'still holds the lock after its server crashed and came back within the TTL, and the next token is larger',
  applies: ({ serverCrash }) => serverCrash === 'kept',
  crashesServer: true,
  async run(subject) {
    const ttl = Math.max(subject.ttl, 20_000);
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const held = await hold(lock, resource, { ttl, wait: 5_000 });
    await crash(subject, 0);
    const refused = async () =>
      (await outcomeOf(other.withLock(resource, { ttl, wait: 1_000 }, nothing))) === 'LOCK_WAIT_TIMEOUT';
    await eventually('another caller hears that the lock is taken', refused, 20_000);
    expect(held.lease.signal.aborted).toBe(false);
    await held.release();
    const next = await hold(other, resource, { ttl, wait: 20_000 });
    if (subject.traits.tokens) expect(next.lease.token).toBeGreaterThan(held.lease.token!);
    await next.release();
  },
};

export const lostWithServerCrash: Check = {
  title: 'tells the holder that the lock was lost when its server crashed, and locks anew once it is back',
  applies: ({ serverCrash }) => serverCrash === 'lost, holder told',
  crashesServer: true,
  async run(subject) {
    const [lock, other] = await subject.twoLocks();
    const resource = subject.resource();
    const held = await hold(lock, resource, { ...subject.options, ttl: 60_000 });
    await subject.store.kill!();
    try {
      await eventually('the signal aborts', () => held.lease.signal.aborted);
    } finally {
      await subject.store.start!();
    }
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
    await locksAnew(subject, () => other.withLock(resource, subject.options, nothing));
  },
};

export const tokensOutgrowForgetting: Check = {
  title:
    'goes on with larger tokens than ever, in every process, when its server came back with older data and it was re-seeded',
  applies: ({ tokens }) => tokens,
  crashesServer: true,
  async run(subject) {
    const resource = subject.resource();
    const processes = await subject.processes(2);
    const tokens: bigint[] = [];
    const lockInTurn = async () => {
      for (const process of processes) {
        tokens.push((await process.acquire(resource, subject.options)).token!);
        await process.release(resource);
      }
    };
    for (let round = 0; round < 5; round++) await lockInTurn();
    const fence = tokens.at(-1)!;
    await subject.store.forget!();
    await locksAnew(subject, () => lockOnce(processes[0]!, subject));
    await locksAnew(subject, () => lockOnce(processes[1]!, subject));
    const lock = await subject.lock();
    await Promise.all([lock.reseed(resource, fence), lock.reseed(resource, fence - 1n)]);
    await lockInTurn();
    const farAhead = tokens.at(-1)! + 10_000_000_000n;
    await lock.reseed(resource, farAhead);
    await lock.reseed(resource, fence); // is far below
    await lockInTurn();
    expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => (a < b ? -1 : 1)));
    expect(tokens.at(-2)).toBeGreaterThan(farAhead);
  },
};

async function lockOnce(process: ContenderProcess, subject: Subject) {
  const resource = subject.resource();
  await process.acquire(resource, subject.options);
  await process.release(resource);
}

async function crash(subject: Subject, downMs: number) {
  await subject.store.kill!();
  try {
    await sleep(downMs); // under load: long enough for callers to run into it
  } finally {
    await subject.store.start!();
  }
}

/** A driver may take a moment to see that its store is back. */
async function locksAnew(subject: Subject, lock: () => Promise<unknown>) {
  const granted = async () => (await outcomeOf(lock())) === 'granted';
  await within(
    subject.deadTime() + 20_000,
    'the driver works again',
    eventually('the lock is granted', granted, 60_000),
  );
}
