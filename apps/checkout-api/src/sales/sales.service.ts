import { poolOf } from '@app/database';
import { openSale } from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { fromPostgres } from '../http/problems/unavailable.js';
import { saleNotFound } from './find-sale.js';
import type { NewSale, SaleView } from './sale.schema.js';
import { NEWEST_SALES_SQL, SALE_SQL } from './sales-sql.js';
import { StrategyCheck } from './strategy-check.js';

@Injectable()
export class SalesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly strategies: StrategyCheck,
  ) {}

  /** @throws {ProblemError} what {@link StrategyCheck.usable} throws, or POSTGRES_UNAVAILABLE */
  async create({ startsAt, endsAt, strategy, ...rest }: NewSale): Promise<SaleView> {
    const sale = {
      ...rest,
      strategy: await this.strategies.usable(strategy),
      startsAt: startsAt ? new Date(startsAt) : null,
      endsAt: endsAt ? new Date(endsAt) : null,
    };
    return this.get(await fromPostgres(openSale(poolOf(this.dataSource), sale)));
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
}
