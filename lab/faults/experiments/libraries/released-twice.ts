import type { Actor } from '../../actor.js';
import type { Observation } from '../../cell.js';
import { harmsOf } from '../../checks.js';
import type { CellOptions } from '../../experiment.js';
import { Player } from '../../player.js';
import { unsettled } from '../../settle.js';
import { cast } from './cast.js';
import type { Contender } from './contenders.js';

/** How long somebody is given whom a sound lock keeps out, in milliseconds. */
const KEPT_OUT_MS = 1_000;

/** The first releases, the second gets in, the first releases again; a third asks while the second is at work. */
export async function releasedTwice(
  { driver, fence, slowMs }: Contender,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const [one, two] = (await cast(driver, scene, 'first and third', 'second')) as [Actor, Actor];
  const stage = await scene.sale(2);
  // Nothing runs out meanwhile.
  const locking = { driver, fence, ttl: 10 * ttl, wait: 10 * (ttl + slowMs) };
  const selling = (actor: Actor, again = false) => {
    const task = { ...locking, order: stage.order(), releasedTwice: again };
    return new Player(actor, () => actor.calls.checkout(task));
  };
  const [first, second, third] = [selling(one, true), selling(two), selling(one)];
  const released = await first.startTo('unlocked');
  const inTime = await second.startTo('read');
  await first.goOn();
  await third.startTo('committed', KEPT_OUT_MS);
  await second.goOn();
  await third.goOn();
  const results = await Promise.all(
    // What left nothing settled is tried again, as a worker does it.
    [first, second, third].map(async ({ ended, call }) => {
      const result = (await ended)!;
      return 'error' in result ? call() : result;
    }),
  );
  const audit = await stage.audit();
  const harms = harmsOf(audit, await stage.movements());
  return {
    harms,
    fired: released && inTime,
    violations: unsettled(results),
    figures: { oversold: audit.oversold },
    account: harms.length > 0 ? `it freed another's lock: ${harms.join(', ')}` : 'no other lock was freed',
    timeline: scene.history.events,
  };
}
