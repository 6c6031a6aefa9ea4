import type { Actor } from '../../actor.js';
import type { Observation } from '../../cell.js';
import { harmsOf, holdersAtOnce, tokensNotGrowing } from '../../checks.js';
import type { CellOptions } from '../../experiment.js';
import type { HistoryEvent } from '../../history.js';
import { settle, unsettled } from '../../settle.js';
import { cast } from './cast.js';
import type { Contender } from './contenders.js';

const SELLERS = ['seller 1', 'seller 2', 'seller 3'];
/** Sold out after a few orders of each, however slow the machine. */
const STOCK = 6;
const LEAST_ORDERS = 6;
const SELLING_MS = 1_500;
/** Of one seller: the history stays short enough to be drawn. */
const MOST_ORDERS = 20;

/** Nothing fails: several processes sell one SKU, as fast as the lock lets them, until long after it is sold out. */
export async function contention(
  { driver, fence, promises, slowMs }: Contender,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const sellers = await cast(driver, scene, ...SELLERS);
  const stage = await scene.sale(STOCK);
  // No lease runs out on a busy machine: nothing fails.
  const locking = { driver, fence, ttl: 10 * ttl, wait: 10 * (ttl + slowMs) };
  const sell = (seller: Actor) => settle(seller, { ...locking, order: stage.order() });
  const results = (await Promise.all(sellers.map(sell))).map((result) => [result]); // all connections are open then
  const endsAt = performance.now() + SELLING_MS;
  await Promise.all(
    sellers.map(async (seller, i) => {
      while (results[i]!.length < (performance.now() < endsAt ? MOST_ORDERS : LEAST_ORDERS))
        results[i]!.push(await sell(seller));
    }),
  );
  const { history } = scene;
  const atOnce = holdersAtOnce(history.holds());
  const audit = await stage.audit();
  const waits = SELLERS.flatMap((name) => waitsOf(name, history.events));
  const orders = results.map(({ length }) => length);
  const harms = [
    ...(atOnce > 1 ? [`${atOnce} held it at once`] : []),
    ...harmsOf(audit, await stage.movements()),
  ];
  const shares = `${Math.min(...orders)} to ${Math.max(...orders)} orders each, longest wait ${Math.round(Math.max(...waits))} ms`;
  return {
    harms,
    fired: true,
    violations: [
      ...unsettled(results.flat()),
      ...(promises.token && tokensNotGrowing(history.holds()) > 0 ? ['its tokens do not grow'] : []),
    ],
    figures: { oversold: audit.oversold, orders, waitMs: waits },
    account: [...harms, shares].join(', '),
    timeline: history.events,
  };
}

function waitsOf(name: string, events: readonly HistoryEvent[]): number[] {
  let askedAt = 0;
  return events.flatMap(({ actor, kind, at }) => {
    if (actor !== name) return [];
    if (kind === 'asked') askedAt = at;
    return kind === 'granted' ? [at - askedAt] : [];
  });
}
