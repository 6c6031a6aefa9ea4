import { LRUCache } from 'lru-cache';
import type { DataSource } from 'typeorm';
import { Sale } from './sale.entity.js';

/** Sales remembered by one process. */
const CAPACITY = 1_000;

/** Sales by id, with one item per SKU. Each is read once, since a sale never changes; its stock figures do, so do not use them. */
export class SaleCatalog {
  readonly #sales: LRUCache<string, Sale>;

  constructor(dataSource: DataSource) {
    const read = (id: string) =>
      dataSource
        .getRepository(Sale)
        .findOne({ where: { id, items: { stripe: 0 } }, relations: { items: true } });
    // Calls during a read share its answer: a stampede begins with all buyers at once.
    const fetchMethod = async (id: string) => (await read(id)) ?? undefined;
    this.#sales = new LRUCache({ max: CAPACITY, fetchMethod });
  }

  find(saleId: string): Promise<Sale | undefined> {
    return this.#sales.fetch(saleId);
  }
}
