import { poolOf } from '@app/database';
import { openSale } from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { fromPostgres } from '../http/problems/unavailable.js';
import type { SharedAnswer } from '../http/shared-answer.js';
import { saleNotFound } from './find-sale.js';
import type { NewSale, SaleView } from './sale.schema.js';
import { SaleViews, type Page } from './sale-views.js';
import { StrategyCheck } from './strategy-check.js';

@Injectable()
export class SalesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly strategies: StrategyCheck,
    private readonly views: SaleViews,
  ) {}

  /** @throws {ProblemError} what {@link StrategyCheck.usable} throws, or POSTGRES_UNAVAILABLE */
  async create({ startsAt, endsAt, strategy, ...rest }: NewSale): Promise<SaleView> {
    const sale = {
      ...rest,
      strategy: await this.strategies.usable(strategy),
      startsAt: startsAt ? new Date(startsAt) : null,
      endsAt: endsAt ? new Date(endsAt) : null,
    };
    const saleId = await fromPostgres(openSale(poolOf(this.dataSource), sale));
    return this.fresh(saleId);
  }

  /**
   * As it is now, for whoever has just changed it.
   *
   * @throws {ProblemError} SALE_NOT_FOUND or POSTGRES_UNAVAILABLE
   */
  async fresh(saleId: string): Promise<SaleView> {
    return (await this.views.fresh(saleId)) ?? saleNotFound(saleId);
  }

  /** @throws {ProblemError} SALE_NOT_FOUND or POSTGRES_UNAVAILABLE */
  async get(saleId: string): Promise<SharedAnswer> {
    return (await this.views.of(saleId)) ?? saleNotFound(saleId);
  }

  /**
   * @param cursor the sale that the page before ended with
   * @throws {ProblemError} SALE_NOT_FOUND or POSTGRES_UNAVAILABLE
   */
  async newest(limit: number, cursor?: string): Promise<Page> {
    if (cursor) await this.get(cursor);
    return this.views.page(limit, cursor);
  }
}
