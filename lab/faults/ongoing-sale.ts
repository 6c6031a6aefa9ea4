import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../local/services/service.js';
import type { ServerName } from '../../local/services/services.js';
import type { CheckoutResult } from './actor/protocol.js';
import { harmsOf, holdersAtOnce, tokensNotGrowing } from './checks.js';
import { UNTIL_TOLD } from './history.js';
import { ttlOf, type LabLock } from './locks.js';
import type { Scene } from './scene.js';
import { settle, unsettled } from './settle.js';

/** More than is asked for. */
const STOCK = 10_000;
/** Between two orders of a process, in milliseconds: the history stays short enough to be drawn. */
const PAUSE_MS = 200;

/** A sale for as long as the faults last. */
export interface OngoingSale {
  /** Resolves once every order is settled, to what is wrong then with the stock and with the lock. */
  end(): Promise<{ orders: number; harms: readonly string[]; violations: readonly string[] }>;
}

/** Three processes settle one order after the other, under a lock of the store that these servers are. They end with the scene. */
export async function ongoingSale(
  scene: Scene,
  driver: LabLock & ServerName,
  members: readonly Service[],
  leastTtl: number,
): Promise<OngoingSale> {
  scene.owns(...members);
  const servers = { ...scene.servers, [driver]: members.map(({ url }) => url).join(',') };
  const sellers = await Promise.all(['a', 'b', 'c'].map((name) => scene.actor(name, servers)));
  const ttl = ttlOf(driver, leastTtl);
  const locking = { driver, fence: false, ttl, wait: 2 * ttl };
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
      const { history } = scene;
      const held = holdersAtOnce(history.holds(UNTIL_TOLD));
      const back = tokensNotGrowing(history.holds()) > 0 ? ['the tokens do not grow'] : [];
      return {
        orders: results.length,
        harms: [
          ...harmsOf(audit, await stage.movements()),
          ...(held > 1 ? [`${held} held the lock at once`] : []),
        ],
        violations: [...unsettled(results), ...wrong, ...back],
      };
    },
  };
}
