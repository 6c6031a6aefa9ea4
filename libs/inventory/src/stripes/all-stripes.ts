import type { Lease } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Pool, PoolClient } from 'pg';
import { allocate } from '../section/allocate.js';
import { buyerLimit } from '../section/buyer-limit.js';
import { modeOf, transactionOf } from '../section/critical-section.js';
import { StaleReadError } from '../section/errors.js';
import { PlainStore } from '../section/plain-store.js';
import { resourceOf } from '../section/resource.js';
import { settleEachOnce, type Committed, type SectionResult } from '../section/settle-each-once.js';
import { settledOf, type StockRow, type StockStore } from '../section/stock-store.js';
import type { SectionTarget } from '../section/section-target.js';

/** All stripes in one snapshot, in their order. Parameters: sale, SKU. */
const READ_STRIPES_SQL =
  'SELECT available, version FROM stock WHERE sale_id = $1 AND sku = $2 ORDER BY stripe';

interface AllStripes {
  readonly pool: Pool;
  readonly target: SectionTarget;
  readonly stripes: number;
  /** One per stripe if the strategy locks, else none. */
  readonly leases: readonly Lease[];
  /** Receives the units left in each stripe. */
  readonly learn: (left: readonly number[]) => void;
}

/**
 * The critical section over all stripes of a SKU, in one transaction. It sees all of them at one moment, so it alone may say that
 * too little is left, and it may take one order's units from several stripes.
 */
export function settleFromAllStripes(
  all: AllStripes,
  orders: readonly OrderRequest[],
): Promise<SectionResult> {
  const transaction = transactionOf(modeOf(all.target, all.leases[0]));
  return settleEachOnce(all.pool, orders, async (fresh): Promise<Committed> => {
    for (;;) {
      try {
        const { left, ...result } = await transaction(all.pool, (client) => sell(all, client, fresh));
        all.learn(left);
        return result;
      } catch (error) {
        if (!(error instanceof StaleReadError)) throw error;
      }
    }
  });
}

/** Locks buyers first, then rows in ascending order, then orders, as every transaction does: so none deadlocks. */
async function sell(all: AllStripes, client: PoolClient, orders: readonly OrderRequest[]) {
  const { target, leases } = all;
  const { saleId, perBuyerLimit, reservationTtlSeconds: ttl } = target;
  const store = new PlainStore(client, modeOf(target, leases[0]));
  const limit = await buyerLimit(client, saleId, perBuyerLimit, orders);
  const rows = await readAll(all, client, store);
  const available = rows.reduce((sum, row) => sum + row.available, 0);
  const { outcomes, units } = allocate(orders, { ...limit, available });
  const shares = spread(units, rows);
  // Writes a row even if no unit is taken, since the orders are inserted with it.
  const last = Math.max(
    0,
    shares.findLastIndex((share) => share > 0),
  );
  for (const [stripe, read] of rows.entries()) {
    const share = shares[stripe]!;
    if (share === 0 && stripe !== last) continue;
    const settled = stripe === last ? settledOf(orders, outcomes) : [];
    leases[stripe]?.throwIfLost();
    const written = await store.write({ key: keyOfStripe(all, stripe), read, units: share, settled, ttl });
    if (written === undefined) throw new StaleReadError(resourceOf(target));
  }
  const left = rows.map((row, stripe) => row.available - shares[stripe]!);
  const versions = rows.map(({ version }) => version!);
  return { outcomes, available: available - units, versions, left };
}

/** Reads all stripes as of one moment: either each row stays locked after its read, or one snapshot has all. */
async function readAll(all: AllStripes, client: PoolClient, store: StockStore): Promise<StockRow[]> {
  const { target, leases, stripes } = all;
  const mode = modeOf(target, leases[0]);
  if (mode === 'fenced' || mode === 'row-lock') {
    const rows: StockRow[] = [];
    for (let stripe = 0; stripe < stripes; stripe++) rows.push(await store.read(keyOfStripe(all, stripe)));
    return rows;
  }
  return (await client.query<StockRow>(READ_STRIPES_SQL, [target.saleId, target.sku])).rows;
}

const keyOfStripe = ({ target: { saleId, sku }, leases }: AllStripes, stripe: number) => ({
  saleId,
  sku,
  stripe,
  lease: leases[stripe],
});

/** The units to take from each stripe. The fullest comes first, so that few rows are written. */
export function spread(units: number, rows: readonly Pick<StockRow, 'available'>[]): number[] {
  const shares = rows.map(() => 0);
  const fullestFirst = [...rows.entries()].sort(([, a], [, b]) => b.available - a.available);
  for (const [stripe, { available }] of fullestFirst) {
    const share = Math.min(units, available);
    shares[stripe] = share;
    units -= share;
  }
  return shares;
}
