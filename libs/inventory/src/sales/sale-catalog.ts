import { LRUCache } from 'lru-cache';
import { Any, type DataSource } from 'typeorm';
import { Sale } from './sale.entity.js';

/** Sales remembered by one process. */
const CAPACITY = 1_000;
/** Ids without a sale that are remembered. Whoever makes up more has those that are asked for together looked up together. */
const ABSENT_CAPACITY = 10_000;
/** In milliseconds: a sale that nobody asked for is forgotten. */
const REMEMBERED_MS = 60_000;
/** In milliseconds: between two looks at what admins changed. All remembered sales are read at once. */
const REFRESH_MS = 400;

/** A sale that is remembered, so that it can be replaced by what it is now. */
interface Entry {
  sale: Sale;
}

/** Of an id without a sale. */
interface Absence {
  /** When there was one, and its rows went to an archive. */
  readonly archivedAt?: Date;
}

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const ARCHIVED_SQL =
  'SELECT sale_id AS id, archived_at AS "archivedAt" FROM archived_sales WHERE sale_id = ANY ($1)';

/**
 * Sales by id, with one item per SKU; their stock figures change all the time, so do not use them. A change by an admin is seen
 * within a second, since every process looks for itself: there is no message that it could miss. While Postgres does not answer,
 * a sale stays as it was.
 */
export class SaleCatalog {
  readonly #entries = new LRUCache<string, Entry>({
    max: CAPACITY,
    ttl: REMEMBERED_MS,
    updateAgeOnGet: true,
  });
  /** Ids that no sale had when they were read: apart, so that they push out no sale. */
  readonly #absent = new LRUCache<string, Absence>({ max: ABSENT_CAPACITY, ttl: REFRESH_MS });
  readonly #asked = new Set<string>();
  #lookingUp: Promise<unknown> = Promise.resolve();
  #nextLookUp: Promise<Map<string, Sale>> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #isRefreshing = false;

  constructor(private readonly dataSource: DataSource) {}

  async find(saleId: string): Promise<Sale | undefined> {
    const remembered = this.#entries.get(saleId);
    if (!remembered && this.#absent.has(saleId)) return undefined;
    const sale = remembered?.sale ?? (await this.#lookUp(saleId)).get(saleId);
    if (!this.#isRefreshing) this.#keepFresh();
    return sale;
  }

  /** When the sale was archived; undefined if it is here, or never was. */
  async archivedAt(saleId: string): Promise<Date | undefined> {
    if (!this.#absent.has(saleId)) await this.#lookUp(saleId);
    return this.#absent.get(saleId)?.archivedAt;
  }

  /** For who knows that the sale must be there: the next `find` reads it. */
  forget(saleId: string): void {
    this.#entries.delete(saleId);
    this.#absent.delete(saleId);
  }

  /** Reads the remembered sales anew, and forgets ids without one. What was committed before the call is seen after it. */
  refresh(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  /**
   * Ids that are asked for while Postgres is asked go together in the next query, of which there is one at a time: a stampede begins with
   * all buyers at once, and strangers may make up any number.
   */
  #lookUp(id: string): Promise<Map<string, Sale>> {
    // Postgres refuses what is no id, and the whole query with it.
    if (!GUID.test(id)) return this.#ask([id]);
    this.#asked.add(id);
    this.#nextLookUp ??= this.#lookingUp.then(() => {
      const ids = [...this.#asked];
      this.#asked.clear();
      this.#nextLookUp = undefined;
      return this.#ask(ids);
    });
    this.#lookingUp = this.#nextLookUp.catch(() => undefined);
    return this.#nextLookUp;
  }

  async #ask(ids: readonly string[]): Promise<Map<string, Sale>> {
    const where = { id: Any(ids), items: { stripe: 0 } };
    const sales = await this.dataSource.getRepository(Sale).find({ where, relations: { items: true } });
    const found = new Map(sales.map((sale) => [sale.id, sale]));
    for (const sale of sales) this.#entries.set(sale.id, { sale });
    await this.#noteAbsent(ids.filter((id) => !found.has(id)));
    return found;
  }

  async #noteAbsent(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    type Archived = Required<Absence> & { readonly id: string };
    const rows = await this.dataSource.query<Archived[]>(ARCHIVED_SQL, [ids]);
    const archived = new Map(rows.map(({ id, archivedAt }) => [id, { archivedAt }]));
    for (const id of ids) this.#absent.set(id, archived.get(id) ?? {});
  }

  /** Refreshes again and again, while sales are asked for. */
  #keepFresh() {
    this.#isRefreshing = true;
    const again = async () => {
      await this.refresh().catch(() => undefined); // the next one may succeed
      this.#entries.purgeStale();
      this.#isRefreshing = false;
      if (this.#entries.size > 0 && this.dataSource.isInitialized) this.#keepFresh();
    };
    setTimeout(() => void again(), REFRESH_MS).unref();
  }

  async #read(): Promise<void> {
    this.#absent.clear();
    const ids = [...this.#entries.keys()];
    if (ids.length === 0) return;
    const sales = await this.dataSource.getRepository(Sale).find({ where: { id: Any(ids) } });
    const found = new Map(sales.map((sale) => [sale.id, sale]));
    for (const id of ids) {
      const entry = this.#entries.peek(id);
      const sale = found.get(id);
      if (!sale) this.#entries.delete(id);
      else if (entry) entry.sale = Object.assign(sale, { items: entry.sale.items });
    }
  }
}
