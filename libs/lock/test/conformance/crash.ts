import { expect } from 'vitest';
import { runsOut } from '../../src/index.js';
import { eventually, monotonicMs, within } from '../support/eventually.js';
import type { Subject } from '../support/subject.js';
import { nothing, outcomeOf, type Check } from './check.js';

/** Kills a holder while another process waits; resolves to when the kill was and how long the other one waited. */
async function killHolder(
  subject: Subject,
  options: { ttl: number; earlyTakeover?: boolean },
  deadTime: number,
) {
  const [holder, waiter] = await subject.processes(2);
  const resource = subject.resource();
  await holder!.acquire(resource, { ...options, wait: 5_000 });
  const waiting = waiter!.acquire(resource, { ...options, wait: 120_000 });
  const killedAt = monotonicMs();
  await holder!.kill();
  const { at } = await within(deadTime, 'the waiter is granted the lock of the killed holder', waiting);
  await waiter!.release(resource);
  return at - killedAt;
}

export const expiresAfterCrash: Check = {
  title: 'frees the lock of a killed holder when its time is over, and not before',
  applies: runsOut,
  async run(subject) {
    const ttl = Math.max(subject.ttl, 2_000);
    const dead = await killHolder(subject, { ttl }, subject.deadTime(ttl));
    expect(dead).toBeGreaterThan(ttl / 2); // the last extension was up to a third of the TTL ago
  },
};

export const freedWithConnection: Check = {
  title: 'frees the lock of a killed holder with its connection, whatever the TTL',
  applies: ({ freedBy }) => freedBy === 'connection',
  async run(subject) {
    await killHolder(subject, { ttl: 60_000 }, subject.deadTime(60_000));
  },
};

export const takesOver: Check = {
  title: 'takes over from a killed holder at once where both allow it, whatever the TTL',
  applies: ({ takeover }) => takeover,
  async run(subject) {
    await killHolder(subject, { ttl: 60_000, earlyTakeover: true }, 5_000);
  },
};

export const staysLockedForEver: Check = {
  title: 'stays locked for ever when its holder is killed, until an operator deletes it',
  applies: ({ freedBy }) => freedBy === 'nobody',
  async run(subject) {
    const [holder, waiter] = await subject.processes(2);
    const resource = subject.resource();
    await holder!.acquire(resource, subject.options);
    await holder!.kill();
    const waiting = waiter!.acquire(resource, { ...subject.options, wait: 3 * subject.ttl });
    expect(await outcomeOf(waiting)).toBe('LOCK_WAIT_TIMEOUT');
    await subject.store.loseLock!(resource);
    await waiter!.acquire(resource, subject.options);
    await waiter!.release(resource);
  },
};

export const goesOnAfterKills: Check = {
  title: 'goes on without a lost update while processes under load are killed',
  applies: ({ freedBy, excludes }) => freedBy !== 'nobody' && excludes === 'processes',
  async run(subject) {
    const resource = subject.resource();
    const processes = await subject.processes(4);
    const options = { ...subject.options, earlyTakeover: subject.traits.tokens, contenders: 4, sectionMs: 2 };
    await Promise.all(processes.map((process) => process.loop(resource, options)));
    const killed: number[] = [];
    const writes = async () => (await subject.ledger.judge(resource)).writes;
    for (const process of processes.slice(2)) {
      const before = await writes();
      await eventually(
        '20 more writes',
        async () => (await writes()) >= before + 20,
        subject.deadTime() + 15_000,
      );
      killed.push(process.pid);
      await process.kill();
    }
    const before = await writes();
    await eventually(
      '20 writes after the kills',
      async () => (await writes()) >= before + 20,
      subject.deadTime() + 15_000,
    );
    const counts = await Promise.all(processes.slice(0, 2).map((process) => process.stop()));
    expect(counts.flatMap(({ errors }) => Object.entries(errors))).toEqual([]);
    expect(await subject.ledger.judge(resource, killed)).toMatchObject({ lostUpdates: 0, overlaps: 0 });
  },
};

export const pausedHolderIsOvertaken: Check = {
  title:
    'gives the lock of a paused process away when its time is over; the process finds out when it wakes up',
  applies: runsOut,
  async run(subject) {
    const [paused, next] = await subject.processes(2);
    const resource = subject.resource();
    await paused!.acquire(resource, subject.options);
    paused!.signal('SIGSTOP');
    try {
      const granted = next!.acquire(resource, { ...subject.options, wait: 120_000 });
      await within(subject.deadTime(), 'the lock of the paused process is given away', granted);
    } finally {
      paused!.signal('SIGCONT');
    }
    expect(await within(10_000, 'the woken process hears of it', paused!.lost(resource))).toMatchObject({
      code: 'LOCK_LOST',
    });
    expect(await outcomeOf(paused!.release(resource))).toBe('LOCK_LOST');
    if (subject.traits.watchdog) {
      const third = await subject.lock();
      expect(await outcomeOf(third.withLock(resource, subject.briefly, nothing))).toBe('LOCK_WAIT_TIMEOUT');
    }
    await outcomeOf(next!.release(resource));
  },
};

export const pausedHolderKeeps: Check = {
  title: 'keeps the lock for a paused process for as long as the pause lasts',
  applies: ({ freedBy, excludes }) =>
    excludes === 'processes' && (freedBy === 'connection' || freedBy === 'nobody'),
  async run(subject) {
    const [paused, next] = await subject.processes(2);
    const resource = subject.resource();
    await paused!.acquire(resource, subject.options);
    paused!.signal('SIGSTOP');
    const waiting = next!.acquire(resource, { ...subject.options, wait: 2 * subject.ttl });
    expect(await outcomeOf(waiting).finally(() => paused!.signal('SIGCONT'))).toBe('LOCK_WAIT_TIMEOUT');
    await outcomeOf(paused!.release(resource)); // it may have been unable to prove its lease meanwhile
    await within(10_000, 'it is free', next!.acquire(resource, subject.options));
    await next!.release(resource);
  },
};
