import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataDirectory, nextName } from '../../../../local/services/service.js';
import { ActorGoneError, type Actor } from '../../actor.js';
import type { CheckoutResult, CheckoutTask } from '../../actor/protocol.js';
import type { Observation } from '../../cell.js';
import { harmsOf } from '../../checks.js';
import type { CellOptions } from '../../experiment.js';
import { settle, unsettled } from '../../settle.js';
import { cast } from './cast.js';
import type { Contender } from './contenders.js';
import { accountOf, toldTo } from './told.js';

/** A lock that is kept is watched for so long, in TTLs. */
const WATCHED_TTLS = 2;

/** How the first one comes to be late with its write. Resolves to how its order ended. */
export type Delay = (late: {
  readonly first: Actor;
  readonly task: CheckoutTask;
  /** Resolves once the second has sold, or is taken to be kept out. */
  readonly second: () => Promise<void>;
  /** Until somebody who waits is let in for certain, if anybody is, in milliseconds. */
  readonly longest: number;
}) => Promise<CheckoutResult>;

/** One unit is left. The first is granted the lock and reads the stock; it writes late; the second asks, and sells if it may. */
export async function twoSell(
  { driver, fence, promises, known, slowMs }: Contender,
  delay: Delay,
  { scene, ttl }: CellOptions,
  keptBy: boolean,
): Promise<Observation> {
  const { history } = scene;
  const longest = ttl + slowMs;
  const locking = { driver, fence, ttl, wait: 3 * longest };
  const [first, second] = (await cast(driver, scene, 'first', 'second')) as [Actor, Actor];
  const stage = await scene.sale(1);
  const [one, other] = [stage.order(), stage.order()];
  let selling: Promise<CheckoutResult> | undefined;
  const ended = await delay({
    first,
    task: { ...locking, order: one },
    longest,
    second: async () => {
      selling = settle(second, { ...locking, order: other });
      await Promise.race([selling, sleep(keptBy ? WATCHED_TTLS * ttl : longest)]);
    },
  }).catch(orGone);
  const granted = history.find('second', 'granted');
  const until = history.find('first', 'wrote') ?? history.find('first', 'finished');
  const meanwhile = granted !== undefined && (until === undefined || granted.at < until.at);
  const sold = await selling!;
  const told = toldTo(first, history);
  // What came to nothing is tried again, as a worker does it; by somebody else if it died.
  const again =
    'error' in ended ? await settle(first.alive ? first : second, { ...locking, order: one }) : ended;
  const audit = await stage.audit();
  const harms = harmsOf(audit, await stage.movements());
  const expires = (promises.freedBy ?? 'ttl') === 'ttl';
  return {
    harms,
    fired: meanwhile || keptBy || !expires || !known,
    violations: unsettled([sold, again]),
    figures: { oversold: audit.oversold },
    account: accountOf(meanwhile, harms, told),
    timeline: history.events,
  };
}

/** A library that throws where nobody can catch it has ended the process. */
function orGone(error: unknown): CheckoutResult {
  if (error instanceof ActorGoneError) return { error: error.message };
  throw error;
}

/** Stopped just before its write leaves, and woken once the other has sold. */
export const paused: Delay = async ({ first, task, second }) => {
  const { goOn, ended } = await first.beginTo('writing', () => first.calls.checkout(task));
  first.stop();
  goOn(); // it hears of that when it wakes up: nothing is between it and its write any more
  await second();
  first.continue();
  return ended;
};

/** Its work takes its time, and it is awake all the while. */
export const workingLong: Delay = async ({ first, task, second }) => {
  const { goOn, ended } = await first.beginTo('read', () => first.calls.checkout(task));
  await second();
  goOn();
  return ended;
};

/** It computes, until the other has sold: its event loop stands still, no timer fires, no answer is read. */
export const busy: Delay = async ({ first, task, second, longest }) => {
  const file = join(await dataDirectory(nextName('busy')), 'enough');
  const computing = { ...task, busy: { file, longest: 2 * longest } };
  const { goOn, ended } = await first.beginTo('read', () => first.calls.checkout(computing));
  goOn();
  await second();
  await writeFile(file, '');
  return ended;
};
