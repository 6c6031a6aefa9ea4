import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../actor.js';
import type { Observation } from '../../cell.js';
import { harmsOf } from '../../checks.js';
import type { CellOptions } from '../../experiment.js';
import { settle, unsettled } from '../../settle.js';
import { cast } from './cast.js';
import type { Contender } from './contenders.js';

/** What nothing frees is given up after this, beyond the TTL, in milliseconds. */
const DEADLOCK_MS = 5_000;

/** The holder is killed with its write about to leave; somebody waits. */
export async function crash(
  { driver, fence, promises, slowMs }: Contender,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const [holder, waiter] = (await cast(driver, scene, 'holder', 'waiter')) as [Actor, Actor];
  const stage = await scene.sale(2);
  const bound = promises.freedBy === 'nobody' ? ttl + DEADLOCK_MS : 2 * (ttl + slowMs);
  const locking = { driver, fence, ttl, wait: 2 * bound };
  const { history } = scene;
  await holder.beginTo('writing', () => holder.calls.checkout({ ...locking, order: stage.order() }));
  const waiting = settle(waiter, { ...locking, order: stage.order() });
  waiting.catch(() => undefined); // of no interest where it is given up
  await sleep(scene.random.between(ttl / 20, ttl / 4));
  const killedAt = await holder.kill('SIGKILL');
  const result = await Promise.race([waiting, sleep(bound)]);
  const granted = history.find('waiter', 'granted');
  const audit = await stage.audit();
  const deadMs = granted && granted.at - killedAt;
  return {
    harms: result
      ? harmsOf(audit, await stage.movements())
      : [`deadlock: not granted within ${Math.round(bound)} ms of the crash`],
    violations: result ? unsettled([result]) : [],
    fired: true,
    figures: { oversold: audit.oversold, ...(deadMs && { deadTimeMs: deadMs }) },
    account: deadMs ? `dead for ${(deadMs / 1_000).toFixed(1)} s` : 'dead for ever',
    timeline: history.events,
  };
}
