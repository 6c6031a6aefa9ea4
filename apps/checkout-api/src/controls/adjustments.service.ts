import { RestockReminders } from '@app/checkout-queue';
import { poolOf } from '@app/database';
import {
  findAdjustment,
  requestAdjustment,
  SaleCatalog,
  type Adjustment,
  type NewAdjustment,
} from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import { validationProblem } from '../http/problems/validation.js';
import type { ClientWait } from '../orders/order-watch.js';
import { findSale, saleNotFound, skuNotFound } from '../sales/find-sale.js';
import type { AdjustmentView } from './control.schema.js';

/** In milliseconds: between two looks whether a worker has done it. */
const LOOK_MS = 50;

const REFUSALS = {
  INSUFFICIENT_STOCK: (available: number) => `${available} units are available: withdraw no more than that.`,
  TOO_MUCH_STOCK: () =>
    'A SKU has at most 1,000,000,000 units; with skip-locked, which has a row for each unit, 200,000.',
};

@Injectable()
export class AdjustmentsService {
  constructor(
    private readonly catalog: SaleCatalog,
    private readonly reminders: RestockReminders,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * Has a worker change the stock. If the client waits less than that takes, it will be done all the same.
   *
   * @throws {ProblemError}
   */
  async request(adjustment: NewAdjustment, wait: ClientWait): Promise<AdjustmentView> {
    const { saleId, sku, units } = adjustment;
    const { items } = await findSale(this.catalog, saleId);
    if (!items.some((item) => item.sku === sku)) skuNotFound(saleId, sku);
    if (units === 0) throw validationProblem([{ path: 'units', message: 'Must not be 0' }]);
    const pool = poolOf(this.dataSource);
    const requested = await fromPostgres(requestAdjustment(pool, adjustment));
    let now = requested ?? (await saleNotFound(this.catalog, saleId));
    if (now.sku !== sku || now.units !== units)
      throw new ProblemError(
        'IDEMPOTENCY_KEY_REUSED',
        `It adjusted ${now.sku} by ${now.units}. Send a new key for a new adjustment.`,
      );
    // Without Redis it waits until a worker sweeps.
    if (now.status === 'pending') await this.reminders.adjust(now.id, now).catch(() => undefined);
    const until = performance.now() + wait.seconds * 1_000;
    while (now.status === 'pending' && performance.now() < until && !wait.signal.aborted) {
      await sleep(LOOK_MS);
      now = (await fromPostgres(findAdjustment(pool, now.id)))!;
    }
    return viewOf(now);
  }
}

/** @throws {ProblemError} the reason for which it was refused */
function viewOf({ id, status, reason, ...rest }: Adjustment): AdjustmentView {
  if (status === 'refused') throw new ProblemError(reason!, REFUSALS[reason!](rest.available!));
  const { saleId, sku, units, initial, available, requestedAt, decidedAt } = rest;
  return {
    adjustmentId: id,
    saleId,
    sku,
    units,
    status,
    initial: initial ?? undefined,
    available: available ?? undefined,
    requestedAt: requestedAt.toISOString(),
    decidedAt: decidedAt?.toISOString(),
  };
}
