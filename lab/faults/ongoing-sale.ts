import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from './actor.js';
import type { CheckoutResult, Locking } from './actor/protocol.js';
import { harmsOf } from './checks.js';
import type { Scene } from './scene.js';
import { settle, unsettled } from './settle.js';

/** More than is asked for. */
const STOCK = 10_000;
/** Between two orders of a process, in milliseconds: the history stays short enough to be drawn. */
const PAUSE_MS = 200;

/** A sale for as long as the faults last. */
export interface OngoingSale {
  /** Resolves once every order is settled, to what is wrong then. */
  end(): Promise<{ orders: number; harms: readonly string[]; violations: readonly string[] }>;
}

/** Each process settles one order after the other. */
export async function ongoingSale(
  scene: Scene,
  sellers: readonly Actor[],
  locking: Locking,
): Promise<OngoingSale> {
  const stage = await scene.sale(STOCK);
  const results: CheckoutResult[] = [];
  const closing = new AbortController();
  const selling = sellers.map(async (seller) => {
    while (!closing.signal.aborted) {
      results.push(await settle(seller, { ...locking, order: stage.order() }));
      await sleep(PAUSE_MS);
    }
  });
  for (const sold of selling) sold.catch(() => undefined); // told at the end, if that is reached
  return {
    end: async () => {
      closing.abort();
      await Promise.all(selling);
      const audit = await stage.audit();
      const wrong =
        audit.held === results.length ? [] : [`${audit.held} of ${results.length} orders hold stock`];
      return {
        orders: results.length,
        harms: harmsOf(audit, await stage.movements()),
        violations: [...unsettled(results), ...wrong],
      };
    },
  };
}
