import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from './actor.js';
import type { Locking } from './actor/protocol.js';
import { harmsOf, isGrantedTwice } from './checks.js';
import type { Scene } from './scene.js';
import { settle, unsettled } from './settle.js';

/** How long the lock has to keep the second one out, in milliseconds, once the fault is over; and to let it in, if it must. */
const KEPT_OUT_MS = 2_000;
const LET_IN_MS = 30_000;

export interface Overtaking {
  readonly scene: Scene;
  readonly locking: Locking;
  readonly first: Actor;
  readonly second: Actor;
  /** What is expected of the lock. */
  readonly grantsTwice?: boolean;
  /** Happens while the first holds the lock, its write about to leave. Resolves once the store goes on, to when it began. */
  readonly fault: () => Promise<number>;
  /** Happens once the first has written. */
  readonly afterwards?: () => Promise<void>;
}

export interface OvertakingResult {
  /** The lock was granted to the second while it was the first one's by the store's own word. */
  readonly grantedTwice: boolean;
  /** In units. */
  readonly oversold: number;
  readonly harms: readonly string[];
  readonly violations: readonly string[];
  /** grantedAfterMs: from the fault to the grant of the second. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * One unit is left. The first is granted the lock and reads the stock; its store is struck; the second asks, and sells if it
 * is granted. Then the first writes, within its lease. What was refused is settled anew.
 */
export async function overtaking({
  scene,
  locking,
  first,
  second,
  grantsTwice = false,
  fault,
  afterwards,
}: Overtaking): Promise<OvertakingResult> {
  const stage = await scene.sale(1);
  const { goOn, ended: holding } = await first.beginTo('writing', () =>
    settle(first, { ...locking, order: stage.order() }),
  );
  await sleep(scene.random.between(0, 300));
  const faultAt = await fault();
  const selling = settle(second, { ...locking, order: stage.order() });
  await Promise.race([selling, sleep(grantsTwice ? LET_IN_MS : KEPT_OUT_MS)]);
  goOn();
  const written = await holding;
  await afterwards?.();
  const sold = await selling;
  const { history } = scene;
  const granted = history.find(second.name, 'granted');
  const audit = await stage.audit();
  return {
    grantedTwice: isGrantedTwice(history, locking.ttl),
    oversold: audit.oversold,
    harms: harmsOf(audit, await stage.movements()),
    violations: unsettled([written, sold]),
    figures: granted ? { grantedAfterMs: granted.at - faultAt } : {},
  };
}
