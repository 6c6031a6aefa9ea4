import type { Lease } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Pool, PoolClient } from 'pg';
import { allocate } from './allocate.js';
import { CriticalSection, transaction, type Committed, type SectionTarget } from './critical-section.js';
import { StaleReadError } from './errors.js';
import { READ_STRIPES_SQL } from './stock-sql.js';
import type { StockRow } from './stock-statements.js';

/**
 * The critical section over all stripes of a SKU, in one transaction. It sees all of them as they are at one moment, so it
 * alone may say that too little is left, and it may take the units of one order from several stripes.
 * Every transaction locks its buyers first, then rows in ascending order, then orders: none waits for one that waits for it.
 */
export class WholeSection extends CriticalSection {
  readonly #stripes: readonly CriticalSection[];

  /**
   * @param leases one per stripe under a strategy that locks, else none
   * @param learn told what is left in each stripe
   */
  constructor(
    pool: Pool,
    target: SectionTarget,
    stripes: number,
    leases: readonly Lease[],
    private readonly learn: (left: readonly number[]) => void,
  ) {
    super(pool, target, leases[0]);
    this.#stripes = Array.from(
      { length: stripes },
      (_, stripe) => new CriticalSection(pool, { ...target, stripe }, leases[stripe]),
    );
  }

  protected override async commit(orders: readonly OrderRequest[]): Promise<Committed> {
    for (;;) {
      try {
        const { left, ...result } = await transaction(this.pool, (client) => this.#attempt(client, orders));
        this.learn(left);
        return result;
      } catch (error) {
        if (!(error instanceof StaleReadError)) throw error;
      }
    }
  }

  async #attempt(client: PoolClient, orders: readonly OrderRequest[]) {
    const limits = await this.limitsFor(client, orders);
    const rows = await this.#read(client);
    const available = rows.reduce((sum, row) => sum + row.available, 0);
    const { outcomes, units } = allocate(orders, { ...limits, available });
    const shares = spread(units, rows);
    // Where no unit is taken, a row is written even so: its movement tells that there was a section.
    const last = Math.max(
      0,
      shares.findLastIndex((share) => share > 0),
    );
    for (const [stripe, section] of this.#stripes.entries()) {
      const share = shares[stripe]!;
      if (share === 0 && stripe !== last) continue;
      const settled = stripe === last ? outcomes : [];
      const written = await section.write(client, orders, settled, share, rows[stripe]!);
      if (written === undefined) throw new StaleReadError(this.resource);
    }
    const left = rows.map((row, stripe) => row.available - shares[stripe]!);
    const versions = rows.map(({ version }) => version!);
    return { outcomes, available: available - units, versions, left };
  }

  /** All stripes at one moment: either each stays as it is read until the end, or all are read in one snapshot. */
  async #read(client: PoolClient): Promise<StockRow[]> {
    if (this.mode === 'fenced' || this.mode === 'row-lock') {
      const rows: StockRow[] = [];
      for (const section of this.#stripes) rows.push(await section.read(client));
      return rows;
    }
    const { saleId, sku } = this.target;
    return (await client.query<StockRow>(READ_STRIPES_SQL, [saleId, sku])).rows;
  }
}

/** The units to take from each stripe: from the fullest first, so that few rows are written. */
function spread(units: number, rows: readonly StockRow[]): number[] {
  const shares = rows.map(() => 0);
  const fullestFirst = [...rows.entries()].sort(([, a], [, b]) => b.available - a.available);
  for (const [stripe, { available }] of fullestFirst) {
    const share = Math.min(units, available);
    shares[stripe] = share;
    units -= share;
  }
  return shares;
}
