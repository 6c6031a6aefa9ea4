import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Check } from './conformance/check.js';
import { excludesProcesses, isNotReentrant } from './conformance/exclusion.js';
import { cyclesLeakNothing, leavesWhatItSays } from './conformance/leaks.js';
import { staleReleaseIsHarmless, tellsOfLoss, watchdogKeeps } from './conformance/lease.js';
import { expiresAfterCrash } from './conformance/crash.js';
import { cutOffWaiter } from './conformance/network.js';
import {
  aborts,
  grantsWithoutWaiting,
  refusesAtOnce,
  servesCallersInOrder,
  timesOut,
} from './conformance/waiting.js';
import { LOCK_TRAITS, type LockTraits } from '../src/index.js';
import { plantedName, type Defect } from './support/planted-driver.js';
import { redisStore } from './support/stores/redis.js';
import type { Store } from './support/stores/store.js';
import { Subject, type Effort } from './support/subject.js';

/** What each defect must be found out by. */
const FOUND_BY: readonly [Defect, Check, reason: RegExp][] = [
  ['grants everybody', excludesProcesses, /lostUpdates/],
  ['constant token', excludesProcesses, /tokens grow/],
  ['reenters', isNotReentrant, /LOCK_WAIT_TIMEOUT/],
  ['ignores abort', timesOut, /the wait ends/],
  ['ignores abort', aborts, /the waits end/],
  ['loses patience before it has asked', grantsWithoutWaiting, /LOCK_WAIT_TIMEOUT/],
  ['stays in the queue', timesOut, /nobody waits/],
  ['stays in the queue', refusesAtOnce, /nobody waits/],
  ['serves the last first', servesCallersInOrder, /deeply equal/],
  ['deletes without owner check', staleReleaseIsHarmless, /the stale release/],
  ['never expires', expiresAfterCrash, /lock of the killed holder/],
  ['expires early', watchdogKeeps, /LOCK_WAIT_TIMEOUT/],
  ['believes it still owns', tellsOfLoss, /the signal aborts/],
  ['throws raw errors', cutOffWaiter, /./],
  ['leaks keys', refusesAtOnce, /the store holds no more/],
  ['leaks keys', leavesWhatItSays, /objects per resource/],
  ['leaks keys', cyclesLeakNothing, /the store holds no more/],
  ['leaks timers', cyclesLeakNothing, /the process holds no more/],
];

/** What the planted lock would be without its defect. */
const traits: LockTraits = {
  ...LOCK_TRAITS.redis,
  order: 'none',
  wakeUp: 'polling',
  takeover: false,
  leaves: 1,
};

/** Little, for what is wrong here shows soon. */
const EFFORT: Effort = { patience: 2_000, writes: 60, cycles: 100 };

describe('a broken driver', { timeout: 120_000 }, () => {
  let store: Store;
  let subject: Subject | undefined;
  beforeAll(async () => {
    store = await redisStore();
  });
  afterEach(() => subject?.close());
  afterAll(() => store.stop());

  const holdAgainst = (defect: Defect, check: Check) => {
    const shared = { ...store, stop: async () => undefined };
    subject = new Subject(plantedName(defect), traits, shared, inject('redisUrl'), EFFORT);
    return check.run(subject);
  };

  it.for(FOUND_BY)('that %s is found out', async ([defect, check, reason]) => {
    await expect(holdAgainst(defect, check)).rejects.toThrow(reason);
  });

  const checks = [...new Set(FOUND_BY.map(([, check]) => check))];
  it.for(checks.map((check) => [check.title, check] as const))(
    'without a defect passes: %s',
    async ([, check]) => {
      await holdAgainst('none', check);
    },
  );
});
