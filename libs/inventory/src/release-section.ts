import type { EndedStatus } from '@app/orders';
import { CriticalSection, transaction } from './critical-section.js';
import type { Database } from './database.js';
import { FencedOffError } from './errors.js';
import { RELEASE_SQL } from './stock-sql.js';
import type { StockRow } from './stock-statements.js';

/** A reservation that ended without being paid. */
export interface EndedOrder {
  readonly orderId: string;
  readonly status: EndedStatus;
}

/** What came back into a row of the stock. */
export interface Released {
  readonly stripe: number;
  /** Of the row, from then on. */
  readonly version: string;
  readonly ended: readonly EndedOrder[];
}

interface ReleaseRow {
  readonly entered: boolean;
  readonly version: string;
  readonly ended: readonly EndedOrder[];
}

/** The critical section the other way round: it reads the stock, and writes back the units of reservations that are due. */
export class ReleaseSection extends CriticalSection {
  /**
   * Ends those of the orders that are due, each exactly once whoever else tries it, in one transaction. Returns what came back.
   *
   * @throws what {@link CriticalSection.settle} throws
   */
  release(orderIds: readonly string[]): Promise<Released> {
    return this.mode === 'row-lock'
      ? transaction(this.pool, (client) => this.#attempt(client, orderIds))
      : this.#attempt(this.pool, orderIds);
  }

  async #attempt(database: Database, orderIds: readonly string[]): Promise<Released> {
    for (;;) {
      const { entered, version, ended } = await this.#write(database, orderIds, await this.read(database));
      if (entered) return { stripe: this.target.stripe ?? 0, version, ended };
      if (this.mode === 'fenced') throw new FencedOffError(this.resource);
    }
  }

  async #write(database: Database, orderIds: readonly string[], { available, version }: StockRow) {
    this.lease?.throwIfLost();
    const { saleId, sku, stripe = 0 } = this.target;
    const { rows } = await database.query<ReleaseRow>({
      name: `release ${this.mode}`,
      text: RELEASE_SQL[this.mode],
      values: [saleId, sku, this.lease?.token, this.lease?.holder, available, version, stripe, orderIds],
    });
    return rows[0]!;
  }
}
