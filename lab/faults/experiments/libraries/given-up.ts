import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../actor.js';
import type { Observation } from '../../cell.js';
import type { CellOptions } from '../../experiment.js';
import { settle, unsettled } from '../../settle.js';
import { cast } from './cast.js';
import type { Contender } from './contenders.js';

const GIVES_UP_AFTER_MS = 300;
/** For what a wait may do that nobody wants any more, in milliseconds. */
const AFTERWARDS_MS = 1_500;

/** Somebody gives up waiting by his signal. Then the lock is released: does it go to him who left? */
export async function givenUp(
  { driver, fence, slowMs }: Contender,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const [holder, leaver] = (await cast(driver, scene, 'holder', 'leaver')) as [Actor, Actor];
  const stage = await scene.sale(2);
  const locking = { driver, fence, ttl: 10 * ttl, wait: 10 * (ttl + slowMs) };
  const { resource } = stage;
  const { goOn, ended } = await holder.beginTo('granted', () =>
    holder.calls.checkout({ ...locking, order: stage.order() }),
  );
  const left = await leaver.calls.giveUp({ ...locking, resource, afterMs: GIVES_UP_AFTER_MS });
  goOn();
  const results = [await ended];
  await sleep(AFTERWARDS_MS);
  const after = await settle(holder, { ...locking, order: stage.order() });
  const late = scene.history.find('leaver', 'granted');
  const harms = [
    ...(left ? [] : ['the wait goes on when its signal aborts']),
    ...(late ? ['the lock was granted to somebody who had left'] : []),
  ];
  return {
    harms,
    fired: true,
    violations: unsettled([...results, after]),
    figures: { oversold: (await stage.audit()).oversold },
    account: harms.length > 0 ? harms.join(', ') : 'he left, and the lock went on without him',
    timeline: scene.history.events,
  };
}
