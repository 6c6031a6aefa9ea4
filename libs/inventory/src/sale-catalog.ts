import { LRUCache } from 'lru-cache';
import type { DataSource } from 'typeorm';
import { Sale } from './sale.entity.js';

/** Sales remembered by one process. */
const CAPACITY = 1_000;

/**
 * Sales by id with one item per SKU, read once: nothing that this catalog answers for changes during a sale. Stock figures
 * are not among it.
 */
export class SaleCatalog {
  readonly #sales = new LRUCache<string, Sale>({ max: CAPACITY });

  constructor(private readonly dataSource: DataSource) {}

  async find(saleId: string): Promise<Sale | undefined> {
    const known = this.#sales.get(saleId);
    if (known) return known;
    const sale = await this.dataSource
      .getRepository(Sale)
      .findOne({ where: { id: saleId, items: { stripe: 0 } }, relations: { items: true } });
    if (sale) this.#sales.set(saleId, sale);
    return sale ?? undefined;
  }
}
