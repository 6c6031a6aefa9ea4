import { poolOf } from '@app/database';
import { controlSale, SaleCatalog, type SaleAction, type SaleChange } from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { fromPostgres } from '../http/problems/unavailable.js';
import { validationProblem } from '../http/problems/validation.js';
import { ProblemError } from '../http/problems/problem.js';
import { findSale } from '../sales/find-sale.js';
import type { SaleView } from '../sales/sale.schema.js';
import { SalesService } from '../sales/sales.service.js';

/** Steers running sales. The replica that is asked acts at once, the others once their catalog has looked. */
@Injectable()
export class ControlsService {
  constructor(
    private readonly catalog: SaleCatalog,
    private readonly sales: SalesService,
    private readonly dataSource: DataSource,
  ) {}

  /** @throws {ProblemError} SALE_NOT_FOUND or POSTGRES_UNAVAILABLE */
  async act(saleId: string, admin: string, action: SaleAction, change?: SaleChange): Promise<SaleView> {
    await findSale(this.catalog, saleId);
    const control = { saleId, admin, action, change };
    await fromPostgres(controlSale(poolOf(this.dataSource), control));
    await fromPostgres(this.catalog.refresh());
    return this.sales.fresh(saleId);
  }

  /** @throws {ProblemError} also VALIDATION_FAILED or NO_WAITING_ROOM */
  async change(saleId: string, admin: string, change: SaleChange): Promise<SaleView> {
    const { startsAt, waitingRoom } = await findSale(this.catalog, saleId);
    if (Object.keys(change).length === 0)
      throw validationProblem([{ path: '', message: 'Nothing to change' }]);
    if (change.endsAt) {
      const earliest = new Date(Math.max(Date.now(), startsAt?.getTime() ?? 0));
      const message = `Must be after ${earliest.toISOString()}; POST /sales/${saleId}/end ends it now`;
      if (new Date(change.endsAt) <= earliest) throw validationProblem([{ path: 'endsAt', message }]);
    }
    if (change.waitingRoom && !waitingRoom)
      throw new ProblemError('NO_WAITING_ROOM', 'A sale has one from its beginning, or never.');
    return this.act(saleId, admin, 'change', change);
  }
}
