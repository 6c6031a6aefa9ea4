import type { Observation } from '../../cell.js';
import type { CellOptions } from '../../experiment.js';
import type { Contender } from './contenders.js';
import { keysLeft } from './keys-left.js';

/** One process takes and gives back one lock after the other. */
export async function cycles(
  { driver, fence, store }: Contender,
  { scene, ttl, cycles: count }: CellOptions,
): Promise<Observation> {
  const actor = await scene.actor('cyclist');
  const { resource } = await scene.sale(1);
  const began = performance.now();
  const leaks = await actor.calls.cycle({ driver, fence, ttl, wait: ttl, resource, cycles: count });
  const elapsed = performance.now() - began;
  const keys = await keysLeft(store, scene.servers, resource);
  // One or two may come and go with a heartbeat; what leaks grows with the cycles.
  const harms = Object.entries(leaks).flatMap(([kind, more]) =>
    more > count / 10 ? [`${more} ${kind} left`] : [],
  );
  const left = keys === undefined ? [] : [`${keys} keys left`];
  return {
    harms,
    fired: true,
    figures: {
      cycles: count,
      perSecond: count / (elapsed / 1_000),
      ...leaks,
      ...(keys !== undefined && { keysLeft: keys }),
    },
    account: [...harms, ...left, ...(harms.length > 0 ? [] : ['nothing leaks'])].join(', '),
    timeline: scene.history.events,
  };
}
