import { LRUCache } from 'lru-cache';
import { In, type DataSource } from 'typeorm';
import { Sale } from './sale.entity.js';

/** Sales remembered by one process. */
const CAPACITY = 1_000;
/** In milliseconds: a sale that nobody asked for is forgotten. */
const REMEMBERED_MS = 60_000;
/** In milliseconds: between two looks at what admins changed. All remembered sales are read at once. */
const REFRESH_MS = 400;

/** What is remembered of an id, so that it can be replaced by what its sale is now; no sale: nothing had the id when it was read. */
interface Entry {
  sale?: Sale;
}

/**
 * Sales by id, with one item per SKU; their stock figures change all the time, so do not use them. A change by an admin is seen
 * within a second, since every process looks for itself: there is no message that it could miss. While Postgres does not answer,
 * a sale stays as it was.
 */
export class SaleCatalog {
  readonly #entries: LRUCache<string, Entry>;
  #reading: Promise<void> = Promise.resolve();
  #isRefreshing = false;

  constructor(private readonly dataSource: DataSource) {
    // Calls during a read share its answer: a stampede begins with all buyers at once.
    const fetchMethod = async (id: string): Promise<Entry> => {
      const sale = await dataSource
        .getRepository(Sale)
        .findOne({ where: { id, items: { stripe: 0 } }, relations: { items: true } });
      return sale ? { sale } : {};
    };
    this.#entries = new LRUCache({
      max: CAPACITY,
      ttl: REMEMBERED_MS,
      updateAgeOnGet: true,
      fetchMethod,
      ignoreFetchAbort: true, // a read is for those who wait, also if others push it out
    });
  }

  async find(saleId: string): Promise<Sale | undefined> {
    const entry = await this.#entries.fetch(saleId);
    if (!this.#isRefreshing) this.#keepFresh();
    return entry?.sale;
  }

  /** For who knows that the sale must be there: the next `find` reads it. */
  forget(saleId: string): void {
    this.#entries.delete(saleId);
  }

  /** Reads the remembered sales anew, and forgets ids without one. What was committed before the call is seen after it. */
  refresh(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    return reading;
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
    const remembered = [...this.#entries.entries()];
    for (const [id, { sale }] of remembered) if (!sale) this.#entries.delete(id);
    const ids = remembered.flatMap(([id, { sale }]) => (sale ? [id] : []));
    if (ids.length === 0) return;
    const sales = await this.dataSource.getRepository(Sale).find({ where: { id: In(ids) } });
    for (const sale of sales) {
      const entry = this.#entries.peek(sale.id);
      if (entry?.sale) entry.sale = Object.assign(sale, { items: entry.sale.items });
    }
  }
}
