import { poolOf } from '@app/database';
import {
  hasUnitRows,
  MAX_UNIT_ROWS,
  openSale,
  SaleCatalog,
  SaleKeyReusedError,
  strategyOf,
  type StrategyName,
} from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { keyReused } from '../http/idempotency-key.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import { validationProblem } from '../http/problems/validation.js';
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
    private readonly catalog: SaleCatalog,
  ) {}

  /**
   * Opens a sale, or finds the one that was opened with the same key.
   *
   * @throws {ProblemError} what {@link StrategyCheck.usable} throws, VALIDATION_FAILED, IDEMPOTENCY_KEY_REUSED or POSTGRES_UNAVAILABLE
   */
  async create(request: NewSale, admin: string, idempotencyKey: string | undefined): Promise<SaleView> {
    const { startsAt, endsAt, strategy, ...rest } = request;
    const sale = {
      ...rest,
      strategy: await this.strategies.usable(strategy),
      startsAt: startsAt ? new Date(startsAt) : null,
      endsAt: endsAt ? new Date(endsAt) : null,
    };
    refuseUnitRows(sale.strategy, request);
    const opening = openSale(
      poolOf(this.dataSource),
      sale,
      idempotencyKey ? { idempotencyKey, request } : undefined,
      admin,
    );
    return this.fresh(await fromPostgres(opening.catch(refuseReuse)));
  }

  /**
   * As it is now, for whoever has just changed it.
   *
   * @throws {ProblemError} SALE_NOT_FOUND, SALE_ARCHIVED or POSTGRES_UNAVAILABLE
   */
  async fresh(saleId: string): Promise<SaleView> {
    return (await this.views.fresh(saleId)) ?? saleNotFound(this.catalog, saleId);
  }

  /** @throws {ProblemError} SALE_NOT_FOUND, SALE_ARCHIVED or POSTGRES_UNAVAILABLE */
  async get(saleId: string): Promise<SharedAnswer> {
    return (await this.views.of(saleId)) ?? saleNotFound(this.catalog, saleId);
  }

  /**
   * @param cursor the sale that the page before ended with
   * @throws {ProblemError} SALE_NOT_FOUND, SALE_ARCHIVED or POSTGRES_UNAVAILABLE
   */
  async newest(limit: number, cursor?: string): Promise<Page> {
    if (cursor) await this.get(cursor);
    return this.views.page(limit, cursor);
  }
}

/** @throws {ProblemError} VALIDATION_FAILED: the strategy cannot have such a sale */
function refuseUnitRows(strategy: StrategyName, { stripes = 1, items }: NewSale): void {
  if (!hasUnitRows(strategyOf(strategy).write)) return;
  if (stripes > 1) {
    const message = `${strategy} has a row for each unit, and no hot row to spread over stripes: leave it out, or use another strategy`;
    throw validationProblem([{ path: 'stripes', message }]);
  }
  const units = items.reduce((sum, { stock }) => sum + stock, 0);
  if (units > MAX_UNIT_ROWS) {
    const most = MAX_UNIT_ROWS.toLocaleString('en');
    const message = `${strategy} has a row for each unit, for at most ${most} units in all: open several sales, or use another strategy`;
    throw validationProblem([{ path: 'items', message }]);
  }
}

function refuseReuse(error: unknown): never {
  throw error instanceof SaleKeyReusedError ? keyReused('sale') : error;
}
