import type { Order, Sold } from '../../load-tests/lib/target.js';

/** What buyers were told during a load test of somebody's shop, and what the shop and its database say afterwards. */
export interface ShopEvidence {
  readonly stock: number;
  /** Answers in all. */
  readonly asked: number;
  /** Answers that nothing is left. */
  readonly soldOut: number;
  /** Answers that were neither an order nor a refusal. */
  readonly unexpected: number;
  /** Whether k6 could load the shop as it was told to. */
  readonly loaded: boolean;
  /** Orders that buyers have the word of the shop for; the same one for who asked twice. */
  readonly promised: readonly Pick<Order, 'id' | 'buyer'>[];
  readonly sold: Sold;
  /** The orders of the database, where that was asked. */
  readonly rows?: readonly Order[];
}

export interface ShopTruth {
  readonly sold: number;
  readonly oversold: number;
  readonly undersold: number;
  /** Orders of a buyer beyond the one that he wanted. */
  readonly doubled: number;
  /** Orders that a buyer was promised and that nobody knows. */
  readonly lost: number;
  readonly verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE';
  readonly reasons: readonly string[];
}

export function shopTruth(evidence: ShopEvidence): ShopTruth {
  const { stock, soldOut, promised, sold: told, rows } = evidence;
  const orders = rows ?? told.orders;
  const live = orders?.filter((order) => order.units > 0) ?? promised;
  const units = orders?.reduce((sum, order) => sum + order.units, 0) ?? told.units;
  const known = new Set(orders?.map(({ id }) => id));
  const promisedIds = new Set(promised.map(({ id }) => id));
  const refused = soldOut + (orders?.filter((order) => order.units === 0).length ?? 0);
  const figures = {
    sold: units,
    oversold: Math.max(0, units - stock),
    undersold: Math.max(0, Math.min(stock - units, refused)),
    doubled: distinct(live, 'id') - distinct(live, 'buyer'),
    lost: orders
      ? [...promisedIds].filter((id) => !known.has(id)).length
      : Math.max(0, promisedIds.size - units),
  };
  const faults = faultsOf(figures, evidence);
  const doubts = doubtsOf(figures, evidence);
  return {
    ...figures,
    verdict: faults.length > 0 ? 'FAIL' : doubts.length > 0 ? 'INCONCLUSIVE' : 'PASS',
    reasons: [...faults, ...doubts],
  };
}

const distinct = (orders: readonly Pick<Order, 'id' | 'buyer'>[], by: 'id' | 'buyer') =>
  new Set(orders.map((order) => order[by])).size;

type Figures = Pick<ShopTruth, 'sold' | 'oversold' | 'undersold' | 'doubled' | 'lost'>;

function faultsOf({ sold, oversold, undersold, doubled, lost }: Figures, evidence: ShopEvidence): string[] {
  const { stock, sold: told, unexpected } = evidence;
  return [
    oversold > 0 && `oversold: ${sold} units of ${stock}`,
    undersold > 0 && `undersold: buyers were turned away while ${stock - sold} units were left`,
    doubled > 0 && `doubled: ${doubled} orders more than buyers who have one`,
    lost > 0 && `lost: ${lost} promised orders are not there`,
    told.units !== sold && `misreported: the shop says that it sold ${told.units}, its orders have ${sold}`,
    told.pending && 'unsettled: the shop still had orders to settle when it was asked last (DRAIN_TIMEOUT)',
    unexpected > 0 && `unexpected: ${unexpected} answers were neither an order nor a refusal`,
  ].filter((reason) => typeof reason === 'string');
}

function doubtsOf({ sold }: Figures, { stock, asked, loaded, soldOut, unexpected }: ShopEvidence): string[] {
  return [
    !loaded && unexpected === 0 && 'the load did not arrive as it was meant to: k6 has crossed a threshold',
    sold <= stock &&
      soldOut === 0 &&
      `nobody was turned away by ${asked} checkouts for ${stock} units: raise RATE or lower STOCK`,
  ].filter((reason) => typeof reason === 'string');
}
