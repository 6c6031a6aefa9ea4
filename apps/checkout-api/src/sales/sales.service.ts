import { DEFAULT_STRATEGY, Sale, Stock, STRATEGY_NAMES, strategyOf, type StrategyName } from '@app/inventory';
import type { ApiConfig } from '@app/config';
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { API_CONFIG } from '../api-config.js';
import { ProblemError } from '../problems/problem.js';
import { fromPostgres } from '../problems/unavailable.js';
import { saleNotFound } from './sale-not-found.js';
import type { NewSale, SaleView } from './sale.schema.js';
import { NEWEST_SALES_SQL, SALE_SQL } from './sales-sql.js';

@Injectable()
export class SalesService {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(API_CONFIG) private readonly config: ApiConfig,
  ) {}

  /** @throws {ProblemError} STRATEGY_UNKNOWN, STRATEGY_UNSAFE or POSTGRES_UNAVAILABLE */
  async create({ items, startsAt, endsAt, strategy, ...rest }: NewSale): Promise<SaleView> {
    const id = randomUUID();
    const sale = {
      ...rest,
      id,
      strategy: this.#usable(strategy),
      startsAt: startsAt ? new Date(startsAt) : null,
      endsAt: endsAt ? new Date(endsAt) : null,
    };
    const stock = items.map(({ sku, stock: initial }) => ({ saleId: id, sku, initial, available: initial }));
    const stored = this.dataSource.transaction(async (manager) => {
      await manager.insert(Sale, sale);
      await manager.insert(Stock, stock);
    });
    await fromPostgres(stored);
    return this.get(id);
  }

  /** @throws {ProblemError} SALE_NOT_FOUND or POSTGRES_UNAVAILABLE */
  async get(saleId: string): Promise<SaleView> {
    const [sale] = await fromPostgres(this.dataSource.query<SaleView[]>(SALE_SQL, [saleId]));
    return sale ?? saleNotFound(saleId);
  }

  /** @throws {ProblemError} POSTGRES_UNAVAILABLE */
  newest(limit: number): Promise<SaleView[]> {
    return fromPostgres(this.dataSource.query<SaleView[]>(NEWEST_SALES_SQL, [limit]));
  }

  #usable(name: string = DEFAULT_STRATEGY): StrategyName {
    const strategy = STRATEGY_NAMES.find((known) => known === name);
    if (!strategy) {
      throw new ProblemError('STRATEGY_UNKNOWN', `Use one of ${STRATEGY_NAMES.join(', ')}.`);
    }
    if (!strategyOf(strategy).safe && !this.config.ALLOW_UNSAFE_STRATEGIES) {
      const detail = `${strategy} oversells on purpose. Start the API with ALLOW_UNSAFE_STRATEGIES=true, or use another strategy.`;
      throw new ProblemError('STRATEGY_UNSAFE', detail);
    }
    return strategy;
  }
}
