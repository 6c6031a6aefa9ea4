import { Gatherer } from '@app/checkout-queue';
import type { Database } from '@app/inventory';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { RecentReads } from '../core/recent-reads.js';
import { READ_POOL } from '../core/tokens.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import { shared, SHARED_MS, type SharedAnswer } from '../http/shared-answer.js';
import type { SaleView } from './sale.schema.js';
import { NEWEST, SALES } from './sales-sql.js';

/** A sale is counted for no more than one part in so many of the time: the more orders it has, the longer its view is shared. */
const REST = 10;
/** Most sales in one query. */
const AT_ONCE = 100;
/** In characters. */
const MOST_VIEWS = 64_000_000;
/** What an entry takes besides, also one of no sale. */
const OVERHEAD = 500;
const PAGES = 100;
/** In milliseconds: a page is of views that are shared already. */
const PAGE_SHARED_MS = 200;

/** What was found of a sale, and the milliseconds that it took. */
interface Found {
  readonly view?: SaleView;
  readonly tookMs: number;
}

/** No view: there is no such sale. */
interface Seen {
  readonly view?: SharedAnswer;
}

/** A page of the list of sales. */
export interface Page extends SharedAnswer {
  /** The sale that it ends with, if there may be more. */
  readonly last?: string;
}

/** Sales as everybody may see them. Whoever asks within a second shares the answer, and those who wait for one share its query. */
@Injectable()
export class SaleViews {
  readonly #reads: Gatherer<string, Found>;
  readonly #fresh: Gatherer<string, Found>;
  readonly #views: LRUCache<string, Seen>;
  readonly #pages: LRUCache<string, Page>;

  constructor(
    @Inject(READ_POOL) pool: Pool,
    private readonly reads: RecentReads,
  ) {
    this.#reads = new Gatherer(AT_ONCE, (saleIds) => readFrom(reads, saleIds));
    this.#fresh = new Gatherer(AT_ONCE, (saleIds) => readFrom(pool, saleIds));
    this.#views = new LRUCache({
      maxSize: MOST_VIEWS,
      sizeCalculation: ({ view }) => OVERHEAD + (view?.json.length ?? 0),
      ttl: SHARED_MS,
      fetchMethod: async (saleId, _, { options }) => {
        const { view, tookMs } = await this.#recent(saleId);
        options.ttl = Math.max(SHARED_MS, REST * tookMs);
        return view ? { view: shared(JSON.stringify(view)) } : {};
      },
      ignoreFetchAbort: true, // a read is for those who wait, also if others push it out
    });
    this.#pages = new LRUCache({
      max: PAGES,
      ttl: PAGE_SHARED_MS,
      fetchMethod: (page) => this.#readPage(...(JSON.parse(page) as [number, string | undefined])),
      ignoreFetchAbort: true,
    });
  }

  /**
   * As it is now, for whoever has just changed it.
   *
   * @throws {ProblemError} POSTGRES_UNAVAILABLE
   */
  async fresh(saleId: string): Promise<SaleView | undefined> {
    return (await fromPostgres(this.#fresh.add(saleId))).view;
  }

  /** @throws {ProblemError} POSTGRES_UNAVAILABLE */
  async of(saleId: string): Promise<SharedAnswer | undefined> {
    return (await fromPostgres(this.#views.fetch(saleId)))?.view;
  }

  /**
   * The newest sales, or those before the one that a page ended with.
   *
   * @throws {ProblemError} POSTGRES_UNAVAILABLE
   */
  async page(limit: number, before?: string): Promise<Page> {
    return (await fromPostgres(this.#pages.fetch(JSON.stringify([limit, before]))))!;
  }

  async #readPage(limit: number, before: string | undefined): Promise<Page> {
    const { rows } = await this.reads.query<{ id: string }>({ ...NEWEST, values: [limit, before] });
    const views = await Promise.all(rows.map(({ id }) => this.#views.fetch(id)));
    // One that was archived in between has none.
    const json = `[${views.flatMap((seen) => seen?.view?.json ?? []).join()}]`;
    return { ...shared(json), last: rows.length === limit ? rows.at(-1)!.id : undefined };
  }

  async #recent(saleId: string): Promise<Found> {
    const found = await this.#reads.add(saleId);
    // It may have been opened since.
    return found.view === undefined && this.reads.mayBeOld ? this.#fresh.add(saleId) : found;
  }
}

async function readFrom(database: Database, saleIds: readonly string[]): Promise<Found[]> {
  const began = performance.now();
  const { rows } = await database.query<SaleView>({ ...SALES, values: [saleIds] });
  const tookMs = performance.now() - began;
  const views = new Map(rows.map((view) => [view.id, view]));
  return saleIds.map((saleId) => ({ view: views.get(saleId), tookMs }));
}
