import type { Lease } from '@app/lock';
import type { OrderRequest, Outcome, RejectionReason } from '@app/orders';
import type { Pool, PoolClient } from 'pg';
import { allocate, type Allocation } from './allocate.js';
import { FencedOffError, TokenWentBackError, UnknownSkuError } from './errors.js';
import {
  FENCE_SQL,
  HELD_SQL,
  LOCK_BUYERS_SQL,
  READ_SQL,
  SETTLED_SQL,
  WRITE_SQL,
  type StockWriteMode,
} from './stock-sql.js';
import type { StockWrite } from './strategies.js';

type Database = Pool | PoolClient;

/** Which stock a section works on, and by which rules. */
export interface SectionTarget {
  readonly saleId: string;
  readonly sku: string;
  readonly write: StockWrite;
  readonly perBuyerLimit: number | null;
}

export interface Settlement {
  /** One per order, in their order. */
  readonly outcomes: readonly Outcome[];
  /** What is left of the stock after this commit. Absent when all of the orders were settled before. */
  readonly available?: number;
}

interface StockRow {
  readonly available: number;
  readonly version?: string;
}

/** So far a section works on the first stripe of its SKU. */
const STRIPE = 0;

const UNIQUE_VIOLATION = '23505';
/** Each try settles or finds at least one order more, unless ids and keys contradict each other. */
const MAX_DUPLICATE_TRIES = 5;

/**
 * The critical section: read the stock, decide, write stock, orders and movement. It is deliberately read-modify-write;
 * what makes it safe is the lock around it, or the clause its strategy puts into the statements.
 */
export class CriticalSection {
  readonly #mode: StockWriteMode;
  readonly #resource: string;
  #known: StockRow | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly target: SectionTarget,
    private readonly lease?: Lease,
  ) {
    this.#mode = lease?.token === undefined ? target.write : 'fenced';
    this.#resource = `${target.saleId}:${target.sku}`;
    // A conditional update need not read first: its WHERE knows. Only when it refuses is the number worth a round trip.
    this.#known = this.#mode === 'conditional' ? { available: Infinity } : undefined;
  }

  /**
   * Settles each order exactly once, whatever was delivered twice, in one transaction.
   *
   * @throws {LockLostError | FencedOffError} the lease is lost; nothing was written; settle the orders again under a new one
   * @throws {TokenWentBackError} re-seed the lock above the fence, then as above
   */
  async settle(orders: readonly OrderRequest[]): Promise<Settlement> {
    let settled = new Map<string, Outcome>();
    let available: number | undefined;
    for (let tries = 1; ; tries++) {
      const distinct = new Map(orders.map((order) => [order.orderId, order]));
      const fresh = [...distinct.values()].filter(({ orderId }) => !settled.has(orderId));
      try {
        if (fresh.length > 0) {
          const committed = await this.#commit(fresh);
          available = committed.available;
          // Nobody else can write while the row carries this lease's fence: the next batch need not read it again.
          if (this.#mode === 'fenced') this.#known = { available };
          fresh.forEach(({ orderId }, i) => settled.set(orderId, committed.outcomes[i]!));
        }
        return { outcomes: orders.map(({ orderId }) => settled.get(orderId)!), available };
      } catch (error) {
        // An order of these has its row already: its job was delivered before. Only then is it worth asking which.
        if (!isUniqueViolation(error) || tries === MAX_DUPLICATE_TRIES) throw error;
        settled = await this.#settledBefore(orders);
      }
    }
  }

  async #commit(orders: readonly OrderRequest[]): Promise<Required<Settlement>> {
    const inTransaction = this.#mode === 'row-lock' || this.target.perBuyerLimit !== null;
    return inTransaction
      ? transaction(this.pool, (client) => this.#attempt(client, orders))
      : this.#attempt(this.pool, orders);
  }

  async #attempt(database: Database, orders: readonly OrderRequest[]): Promise<Required<Settlement>> {
    const { perBuyerLimit } = this.target;
    const buyers =
      perBuyerLimit === null ? {} : { perBuyerLimit, held: await this.#heldBy(database, orders) };
    let stock = this.#known ?? (await this.#read(database));
    for (;;) {
      const allocation = allocate(orders, { ...buyers, available: stock.available });
      const available = await this.#write(database, orders, allocation, stock);
      if (available !== undefined) return { outcomes: allocation.outcomes, available };
      if (this.#mode === 'fenced') throw new FencedOffError(this.#resource);
      stock = await this.#read(database);
    }
  }

  async #read(database: Database): Promise<StockRow> {
    const { saleId, sku } = this.target;
    const fence = this.#mode === 'fenced' ? [this.lease!.token, this.lease!.holder] : [];
    const { rows } = await database.query<StockRow>({
      name: `read ${this.#mode}`,
      text: READ_SQL[this.#mode],
      values: [saleId, sku, STRIPE, ...fence],
    });
    return rows[0] ?? this.#explainMissingRow(database);
  }

  async #write(
    database: Database,
    orders: readonly OrderRequest[],
    { outcomes, units }: Allocation,
    { available, version }: StockRow,
  ): Promise<number | undefined> {
    this.lease?.throwIfLost();
    const { rows } = await database.query<{ available: number }>({
      name: `write ${this.#mode}`,
      text: WRITE_SQL[this.#mode],
      values: [
        this.target.saleId,
        this.target.sku,
        this.lease?.token,
        this.lease?.holder,
        units,
        this.#mode === 'conditional' ? null : available,
        version,
        orders.map(({ orderId }) => orderId),
        orders.map(({ buyerId }) => buyerId),
        orders.map(({ quantity }) => quantity),
        outcomes.map(({ status }) => status),
        outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : null)),
        orders.map(({ idempotencyKey }) => idempotencyKey),
        orders.map(({ acceptedAt }) => acceptedAt),
        STRIPE,
      ],
    });
    return rows[0]?.available;
  }

  async #heldBy(client: Database, orders: readonly OrderRequest[]): Promise<Map<string, number>> {
    const values = [this.target.saleId, orders.map(({ buyerId }) => buyerId)];
    await client.query(LOCK_BUYERS_SQL, values);
    const { rows } = await client.query<{ buyer_id: string; units: number }>(HELD_SQL, values);
    return new Map(rows.map(({ buyer_id, units }) => [buyer_id, units]));
  }

  async #settledBefore(orders: readonly OrderRequest[]): Promise<Map<string, Outcome>> {
    const { rows } = await this.pool.query<{ id: string; reason: RejectionReason | null }>(SETTLED_SQL, [
      orders.map(({ orderId }) => orderId),
    ]);
    return new Map(
      rows.map(({ id, reason }) => [id, reason ? { status: 'rejected', reason } : { status: 'reserved' }]),
    );
  }

  async #explainMissingRow(database: Database): Promise<never> {
    const { rows } = await database.query<{ fence_token: string }>(FENCE_SQL, [
      this.target.saleId,
      this.target.sku,
      STRIPE,
    ]);
    if (!rows[0]) throw new UnknownSkuError(this.#resource);
    this.lease?.throwIfLost();
    throw new TokenWentBackError(this.#resource, this.lease!.token!, BigInt(rows[0].fence_token));
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}

async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A lost connection rejects the statement at hand; without a listener it would end the process as well.
  const ignore = () => undefined;
  client.on('error', ignore);
  let broken = true;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    // The raise of a fence need not wait for the disk; what is committed with it does.
    await client.query('SET LOCAL synchronous_commit TO DEFAULT; COMMIT');
    broken = false;
    return result;
  } catch (error) {
    await client.query('ROLLBACK').then(
      () => (broken = false),
      () => undefined,
    );
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}
