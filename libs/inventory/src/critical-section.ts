import type { Lease } from '@app/lock';
import type { OrderRequest, Outcome, RejectionReason } from '@app/orders';
import { giveBack, lend } from '@app/servers';
import type { Pool, PoolClient } from 'pg';
import { allocate, type Supply } from './allocate.js';
import { isBroken, type Database } from './database.js';
import { FencedOffError, TokenWentBackError, UnknownSkuError } from './errors.js';
import { resourceOf } from './resource.js';
import { FENCE_SQL, HELD_SQL, LOCK_BUYERS_SQL, SETTLED_SQL, type StockWriteMode } from './stock-sql.js';
import {
  readStock,
  writeStock,
  type FencedStatements,
  type SettledOrder,
  type StockKey,
  type StockRow,
} from './stock-statements.js';
import type { StockWrite } from './strategies.js';

/** Which stock a section works on, and by which rules. */
export interface SectionTarget {
  readonly saleId: string;
  readonly sku: string;
  /** One of several; absent where the SKU has only one. Orders that do not fit into one of several are left undecided. */
  readonly stripe?: number;
  readonly write: StockWrite;
  readonly perBuyerLimit: number | null;
  /** Seconds after which a reservation is due to expire; unless given, it never is. */
  readonly reservationTtlSeconds?: number | null;
}

export interface Settlement {
  /** One per order, in their order. */
  readonly outcomes: readonly Outcome[];
  /** What is left of the SKU after this commit. Absent when that is not known. */
  readonly available?: number;
  /** The versions that the rows of the SKU had then at least, by stripe. */
  readonly versions?: readonly string[];
}

/** What a section came to. */
export interface SectionResult {
  /** One per order, in their order; undefined for one that does not fit into this stripe. */
  readonly outcomes: readonly (Outcome | undefined)[];
  /** What is left of the stock of this section. Absent when all of the orders were settled before. */
  readonly available?: number;
  /** The versions that its rows had then at least, by stripe. Absent where none was read. */
  readonly versions?: readonly string[];
}

/** What one did that wrote something. */
export type Committed = SectionResult & { readonly available: number };

const UNIQUE_VIOLATION = '23505';

/**
 * The critical section: read the stock, decide, write stock, orders and movement. It is deliberately read-modify-write;
 * what makes it safe is the lock around it, or the clause its strategy puts into the statements.
 */
export class CriticalSection {
  protected readonly mode: StockWriteMode;
  protected readonly resource: string;
  #known: StockRow | undefined;

  constructor(
    protected readonly pool: Pool,
    protected readonly target: SectionTarget,
    protected readonly lease?: Lease,
    private readonly shared?: FencedStatements,
  ) {
    this.mode = lease?.token === undefined ? target.write : 'fenced';
    this.resource = resourceOf(target, target.stripe);
    // A conditional update need not read first: its WHERE knows. Only when it refuses is the number worth a round trip.
    this.#known = this.mode === 'conditional' ? { available: Infinity } : undefined;
  }

  /**
   * Settles each order exactly once, whatever was delivered twice, in one transaction.
   *
   * @throws {LockLostError | FencedOffError} the lease is lost; nothing was written; settle the orders again under a new one
   * @throws {TokenWentBackError} re-seed the lock above the fence, then as above
   */
  async settle(orders: readonly OrderRequest[]): Promise<SectionResult> {
    let settled: ReadonlyMap<string, Outcome> | undefined;
    for (;;) {
      try {
        return await (settled ? this.#settleRest(orders, settled) : this.#settleNew(orders));
      } catch (error) {
        // An order of these has its row already: its job was delivered before, or twice. Only now is it worth asking which.
        if (!isUniqueViolation(error)) throw error;
        const before = await this.#settledBefore(orders);
        // Another worker may settle them one by one meanwhile. Where no row is new, ids and keys contradict each other.
        if (before.size === settled?.size) throw error;
        settled = before;
      }
    }
  }

  /** Settles those that are not settled yet, each once. */
  async #settleRest(
    orders: readonly OrderRequest[],
    settled: ReadonlyMap<string, Outcome>,
  ): Promise<SectionResult> {
    const distinct = new Map(orders.map((order) => [order.orderId, order]));
    const fresh = [...distinct.values()].filter(({ orderId }) => !settled.has(orderId));
    const { outcomes, ...left } = fresh.length > 0 ? await this.#settleNew(fresh) : { outcomes: [] };
    const all = new Map([...settled, ...fresh.map(({ orderId }, i) => [orderId, outcomes[i]] as const)]);
    return { outcomes: orders.map(({ orderId }) => all.get(orderId)), ...left };
  }

  async #settleNew(orders: readonly OrderRequest[]): Promise<Committed> {
    const committed = await this.commit(orders);
    const { available, versions: [version] = [] } = committed;
    // Nobody else can write while the row carries this lease's fence: the next batch need not read it again.
    if (this.mode === 'fenced') this.#known = { available, version };
    return committed;
  }

  protected async commit(orders: readonly OrderRequest[]): Promise<Committed> {
    const inTransaction = this.mode === 'row-lock' || this.target.perBuyerLimit !== null;
    return inTransaction
      ? transaction(this.pool, (client) => this.#attempt(client, orders))
      : this.#attempt(this.pool, orders);
  }

  async #attempt(database: Database, orders: readonly OrderRequest[]): Promise<Committed> {
    const partial = this.target.stripe !== undefined;
    const { perBuyerLimit, held } = await this.limitsFor(database, orders);
    let stock = this.#known ?? (await this.read(database));
    for (;;) {
      const supply = { available: stock.available, partial, perBuyerLimit, held };
      const { outcomes, units } = allocate(orders, supply);
      if (outcomes.every((outcome) => !outcome))
        return { outcomes, available: stock.available, versions: versionsOf(stock) };
      const available = await this.write(database, orders, outcomes, units, stock);
      if (available !== undefined) return { outcomes, available, versions: versionsOf(stock, 1n) };
      if (this.mode === 'fenced') throw new FencedOffError(this.resource);
      stock = await this.read(database);
    }
  }

  /** Reads the row; what is in it stays so until this section ends as far as the lock, the fence or the row's lock sees to it. */
  async read(database: Database): Promise<StockRow> {
    const reading = this.#shares(database)
      ? this.shared!.reads.add(this.#key)
      : readStock(database, this.mode, this.#key);
    return (await reading) ?? this.#explainMissingRow(database);
  }

  /**
   * Takes the units from the row and settles the orders that have an outcome. Resolves to what is then available, or to
   * undefined when the row is no longer as it was read: then nothing was written.
   */
  async write(
    database: Database,
    orders: readonly OrderRequest[],
    outcomes: readonly (Outcome | undefined)[],
    units: number,
    read: StockRow,
  ): Promise<number | undefined> {
    this.lease?.throwIfLost();
    const settled = orders
      .map((order, i) => ({ order, outcome: outcomes[i] }))
      .filter((each): each is SettledOrder => each.outcome !== undefined)
      .sort((a, b) => inLockOrder(a.order, b.order));
    const change = { key: this.#key, read, units, settled, ttl: this.target.reservationTtlSeconds };
    if (this.#shares(database)) return this.shared!.writes.add(change);
    return writeStock(database, this.mode, change);
  }

  get #key(): StockKey {
    const { saleId, sku, stripe = 0 } = this.target;
    return { saleId, sku, stripe, token: this.lease?.token, holder: this.lease?.holder };
  }

  /** A transaction of its own shares nothing. */
  #shares(database: Database): boolean {
    return this.mode === 'fenced' && database === this.pool && this.shared !== undefined;
  }

  /** From here on nobody else sells to these buyers until the transaction ends, if there is a limit to keep. */
  protected async limitsFor(
    database: Database,
    orders: readonly OrderRequest[],
  ): Promise<Pick<Supply, 'perBuyerLimit' | 'held'>> {
    const { perBuyerLimit } = this.target;
    return perBuyerLimit === null ? {} : { perBuyerLimit, held: await this.#heldBy(database, orders) };
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
      rows.map(({ id, reason }) => [
        id,
        reason ? { status: 'rejected', reason, before: true } : { status: 'reserved', before: true },
      ]),
    );
  }

  async #explainMissingRow(database: Database): Promise<never> {
    const { saleId, sku, stripe = 0 } = this.target;
    const { rows } = await database.query<{ fence_token: string }>(FENCE_SQL, [saleId, sku, stripe]);
    if (!rows[0]) throw new UnknownSkuError(this.resource);
    this.lease?.throwIfLost();
    throw new TokenWentBackError(this.resource, this.lease!.token!, BigInt(rows[0].fence_token));
  }
}

/** Of the row, after so many writes more. */
const versionsOf = ({ version }: StockRow, writes = 0n) =>
  version === undefined ? undefined : [String(BigInt(version) + writes)];

/** Rows are locked in this order everywhere: two workers that have the same orders in hand do not deadlock over them. */
export function inLockOrder(a: OrderRequest, b: OrderRequest): number {
  return a.orderId < b.orderId ? -1 : 1;
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}

/** What the work of a transaction goes by, whatever the database's default: it waits for a row's lock, then sees the newest row. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await lend(pool);
  let broken = false;
  try {
    await client.query(BEGIN);
    const result = await work(client);
    // The raise of a fence need not wait for the disk; what is committed with it does.
    await client.query('SET LOCAL synchronous_commit TO DEFAULT; COMMIT');
    return result;
  } catch (error) {
    broken = isBroken(error) || !(await undone(client));
    throw error;
  } finally {
    giveBack(client, broken);
  }
}

const undone = (client: PoolClient): Promise<boolean> =>
  client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
