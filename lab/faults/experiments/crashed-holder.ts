import { LOCK_TRAITS } from '@app/lock';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../clock.js';
import type { Actor } from '../actor.js';
import type { Point } from '../actor/protocol.js';
import type { Observation } from '../cell.js';
import { harmsOf } from '../checks.js';
import { deleteKey } from '../delete-key.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { serversOf, ttlOf, WITH_AND_WITHOUT_FENCE, type LabLock } from '../locks.js';
import { settle, unsettled } from '../settle.js';

const POINTS: readonly Point[] = ['granted', 'read', 'writing', 'committed'];

/** For what is at once, on a busy machine, in milliseconds. */
const ALLOWANCE_MS = 5_000;

/** For a lock that nobody holds, opened on a busy machine, in milliseconds. */
const FIRST_WAIT_MS = 30_000;

type Fault = 'SIGKILL' | 'SIGTERM' | 'SIGSTOP';

interface Trial {
  readonly fault: Fault;
  readonly point: Point;
}

interface TrialResult extends Trial {
  /** From the fault to the next grant, in milliseconds; absent where there was none until somebody intervened. */
  readonly deadMs?: number;
  readonly harms: readonly string[];
  readonly violations: readonly string[];
}

export const crashedHolder: Experiment = {
  name: 'crashed-holder',
  title: 'the holder dies: how long is the lock dead?',
  explanation: `A process takes the lock of a SKU and is killed (SIGKILL), asked to end (SIGTERM) or frozen (SIGSTOP) at a chosen point: with the lock
just granted, with the stock read, with the write about to leave, with the write committed and the lock not yet given back. Another
process waits for the lock. The dead time is what passes between the fault and the next grant. A bare TTL makes everybody wait for its
rest, however short the work was meant to be; a session lasts as long again; a lock that is a database connection ends with it; a row
that only its holder deletes never ends, and the sale stands still until somebody deletes it by hand. The redis lock of this project
notices that the process is gone and, where the fence makes that harmless, lets the next waiter take over. In the end the crashed order is tried
again, and the sale must have sold exactly its stock: a dead holder costs time, never correctness.`,
  sources: [
    { title: 'Redis: SET as a lock', url: 'https://redis.io/docs/latest/commands/set/#patterns' },
    { title: 'Burrows, The Chubby lock service (OSDI 2006)', url: 'https://research.google/pubs/pub27897/' },
  ],
  atOnce: 3,
  cells: WITH_AND_WITHOUT_FENCE.map(({ driver, fence }): CellPlan => ({
    driver,
    fence,
    expected: LOCK_TRAITS[driver].freedBy === 'nobody' ? 'UNSAFE' : 'SAFE',
    needs: serversOf(driver),
    run: (options) => crashes(driver, fence, options),
  })),
};

async function crashes(driver: LabLock, fence: boolean, options: CellOptions): Promise<Observation> {
  const { scene } = options;
  const trials: Trial[] = [
    ...POINTS.map((point) => ({ fault: 'SIGKILL', point }) as const),
    { fault: 'SIGTERM', point: scene.random.pick(POINTS) },
    { fault: 'SIGSTOP', point: scene.random.pick(POINTS) },
  ];
  const waiter = await scene.actor('waiter');
  const results = await Promise.all(
    trials.map((trial) =>
      crash({ ...options, ttl: ttlOf(driver, options.ttl) }, driver, fence, trial, waiter),
    ),
  );
  const times = (fault: Fault) =>
    results.flatMap((result) =>
      result.fault === fault && result.deadMs !== undefined ? [result.deadMs] : [],
    );
  const killed = times('SIGKILL');
  return {
    harms: [...new Set(results.flatMap(({ harms }) => harms))],
    violations: results.flatMap(({ violations }) => violations),
    fired: true,
    figures: { deadTimeMs: killed, afterSigtermMs: times('SIGTERM'), whileStoppedMs: times('SIGSTOP') },
    account:
      killed.length > 0
        ? `dead for ${range(killed)} after SIGKILL`
        : 'dead after SIGKILL until somebody deleted the key by hand',
    timeline: scene.history.events,
  };
}

/** One holder dies, one waiter waits; then the sale must complete. */
async function crash(
  { scene, ttl }: CellOptions,
  driver: LabLock,
  fence: boolean,
  { fault, point }: Trial,
  waiter: Actor,
): Promise<TrialResult> {
  const label = `${fault} at ${point}`;
  const [least, most] = boundsOf(driver, fence, fault, ttl);
  const bound = (Number.isFinite(most) ? most : 2 * ttl) + ALLOWANCE_MS;
  const age = scene.random.between(ttl / 20, ttl / 4);
  const holder = await scene.actor(label);
  const stage = await scene.sale(2);
  const [first, second] = [stage.order(), stage.order()];
  const locking = { driver, fence, ttl };
  const { goOn } = await holder.beginTo(point, () =>
    holder.calls.checkout({ ...locking, wait: FIRST_WAIT_MS, order: first }),
  );
  const waiting = waiter.calls.checkout({ ...locking, wait: bound + age, order: second });
  await sleep(age);
  const faultAt = fault === 'SIGSTOP' ? stopped(holder) : await holder.kill(fault);
  let result = await waiting;
  const heldFrom = scene.history.find(label, 'granted')!.at;
  const granted = scene.history.events.find(
    ({ actor, kind, resource }) => actor === waiter.name && kind === 'granted' && resource === stage.resource,
  );
  const harms: string[] = [];
  const violations: string[] = [];
  if (!granted) {
    const blocked = `not granted within ${Math.round(bound)} ms of ${fault}`;
    if (Number.isFinite(most))
      violations.push(`${label}: ${blocked}, though ${Math.round(most)} ms were expected`);
    // Somebody who is frozen keeps what is not given away by a clock: that is a pause, not a deadlock.
    else if (fault === 'SIGKILL') harms.push(`deadlock: ${blocked}`);
    if (fault === 'SIGSTOP') holder.continue();
    goOn();
    if (driver === 'mysql-key') await deleteKey(scene.servers.mysql!, stage.resource);
    result = await waiter.calls.checkout({ ...locking, wait: bound, order: second });
  } else if (granted.at - heldFrom < least) {
    violations.push(
      `${label}: granted ${Math.round(granted.at - heldFrom)} ms after the holder was, too early`,
    );
  }
  result = await settle(waiter, { ...locking, wait: bound, order: second }, result);
  const again = await settle(waiter, { ...locking, wait: bound, order: first });
  violations.push(...unsettled([result, again]).map((what) => `${label}: ${what}`));
  const audit = await stage.audit();
  if (audit.held !== 2) violations.push(`${label}: ${audit.held} of 2 orders hold stock in the end`);
  harms.push(...harmsOf(audit, await stage.movements()));
  return { fault, point, deadMs: granted && granted.at - faultAt, harms, violations };
}

/** In milliseconds: the least time that a lease lives, from its grant; the longest dead time that is expected, from the fault. */
function boundsOf(driver: LabLock, fence: boolean, fault: Fault, ttl: number): [number, number] {
  const { freedBy, takeover, deadTtls = 1, deadExtraMs = 0 } = LOCK_TRAITS[driver];
  if (fault === 'SIGTERM') return [0, 0]; // it finishes its section and gives the lock back
  if (freedBy === 'nobody') return [0, Infinity];
  if (freedBy === 'connection') return [0, fault === 'SIGSTOP' ? Infinity : 0];
  if (takeover && fence && fault === 'SIGKILL') return [0, ttl / 2];
  return [ttl / 2, deadTtls * ttl + deadExtraMs];
}

function stopped(holder: Actor): number {
  holder.stop();
  return now();
}

const range = (values: readonly number[]) =>
  `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))} ms`;
