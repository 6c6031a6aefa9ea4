import type { Lease } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Pool, PoolClient } from 'pg';
import { allocate } from './allocate.js';
import { buyerLimit, type BuyerLimit } from './buyer-limit.js';
import { FencedOffError } from './errors.js';
import { PlainStore } from './plain-store.js';
import { resourceOf } from './resource.js';
import { serializable } from './serializable.js';
import type { SectionTarget } from './section-target.js';
import { sellUnits } from './sell-units.js';
import { settleEachOnce, type Committed, type SectionResult } from './settle-each-once.js';
import { takesUnread, type StockWriteMode } from './stock-sql.js';
import { settledOf, type Restocked, type StockKey, type StockRow, type StockStore } from './stock-store.js';
import { transaction } from './transaction.js';
import { hasUnitRows } from '../strategies.js';

/** A fencing token guards the write, whatever the strategy's own way to write is. */
export const modeOf = ({ write }: SectionTarget, lease?: Lease): StockWriteMode =>
  lease?.token === undefined ? write : 'fenced';

/** Whether a transaction around read and write keeps others away. */
const isTransaction = (mode: StockWriteMode) => mode === 'row-lock' || mode === 'serializable';

/** The transaction of a mode. */
export const transactionOf = (mode: StockWriteMode) => (mode === 'serializable' ? serializable : transaction);

/**
 * The critical section: read the stock, decide, write stock, orders and movement. It is read-modify-write on purpose (a
 * conditional write need not read): only the lock around it, or the strategy's clause in the SQL, makes it safe.
 */
export class CriticalSection {
  readonly #mode: StockWriteMode;
  readonly #key: StockKey;
  /** The row as last written, while nobody else can write it. */
  #known: StockRow | undefined;

  /** @param store unless given, each call is a statement of the pool */
  constructor(
    private readonly pool: Pool,
    private readonly target: SectionTarget,
    private readonly lease?: Lease,
    private readonly store: StockStore = new PlainStore(pool, modeOf(target, lease)),
  ) {
    this.#mode = modeOf(target, lease);
    const { saleId, sku, stripe } = target;
    this.#key = { saleId, sku, stripe, lease };
  }

  /**
   * Settles each order exactly once, in one transaction, even if it was delivered twice.
   *
   * @throws {LockLostError | FencedOffError} the lease is lost and nothing was written: settle again under a new lease
   * @throws {TokenWentBackError} nothing was written: re-seed the lock above the fence, then settle again under a new lease
   */
  settle(orders: readonly OrderRequest[]): Promise<SectionResult> {
    const { pool, target, store } = this;
    return settleEachOnce(pool, orders, async (fresh) => {
      if (hasUnitRows(target.write)) return sellUnits({ pool, target, store, key: this.#key }, fresh);
      const done = await this.#commit(fresh);
      const { available, versions: [version] = [] } = done;
      // While the row carries this lease's fence nobody else can write it: the next batch need not read it.
      if (this.#mode === 'fenced') this.#known = { available, version };
      return done;
    });
  }

  /** The other way round: ends the orders that are due, each exactly once, and restocks their units. Throws what {@link settle} throws. */
  restock(orderIds: readonly string[]): Promise<Restocked> {
    this.#known = undefined;
    return isTransaction(this.#mode)
      ? this.#transaction((store) => this.#putBack(store, orderIds))
      : this.#putBack(this.store, orderIds);
  }

  async #commit(orders: readonly OrderRequest[]): Promise<Committed> {
    const { saleId, perBuyerLimit } = this.target;
    if (!isTransaction(this.#mode) && perBuyerLimit === null) return this.#sell(this.store, orders, {});
    return this.#transaction(async (store, client) => {
      const limit = await buyerLimit(client, saleId, perBuyerLimit, orders);
      return this.#sell(store, orders, limit);
    });
  }

  #transaction<T>(work: (store: StockStore, client: PoolClient) => Promise<T>): Promise<T> {
    return transactionOf(this.#mode)(this.pool, (client) => work(new PlainStore(client, this.#mode), client));
  }

  async #sell(store: StockStore, orders: readonly OrderRequest[], limit: BuyerLimit): Promise<Committed> {
    const { stripe, reservationTtlSeconds: ttl } = this.target;
    // A conditional update checks in its WHERE. It reads the stock only after a refusal.
    const unread: StockRow | undefined = takesUnread(this.#mode) ? { available: Infinity } : undefined;
    let read = this.#known ?? unread ?? (await store.read(this.#key));
    for (;;) {
      const { perBuyerLimit, held } = limit;
      const supply = { available: read.available, partial: stripe !== undefined, perBuyerLimit, held };
      const { outcomes, units } = allocate(orders, supply);
      if (outcomes.every((outcome) => !outcome)) return committed(outcomes, read);
      this.lease?.throwIfLost();
      const settled = settledOf(orders, outcomes);
      const available = await store.write({ key: this.#key, read, units, settled, ttl });
      if (available !== undefined) return committed(outcomes, { available, version: next(read.version) });
      if (this.#mode === 'fenced') throw new FencedOffError(resourceOf(this.target, stripe));
      read = await store.read(this.#key);
    }
  }

  async #putBack(store: StockStore, orderIds: readonly string[]): Promise<Restocked> {
    for (;;) {
      const read = await store.read(this.#key);
      this.lease?.throwIfLost();
      const restocked = await store.restock(this.#key, read, orderIds);
      if (restocked) return restocked;
      if (this.#mode === 'fenced') throw new FencedOffError(resourceOf(this.target, this.target.stripe));
    }
  }
}

const committed = (outcomes: Committed['outcomes'], { available, version }: StockRow): Committed => ({
  outcomes,
  available,
  versions: version === undefined ? undefined : [version],
});

/** The version of a row after one write more. */
const next = (version: string | undefined) => version && String(BigInt(version) + 1n);
