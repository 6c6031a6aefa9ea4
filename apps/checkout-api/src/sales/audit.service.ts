import { Admissions } from '@app/checkout-queue';
import { audit, SaleCatalog } from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { RecentReads } from '../core/recent-reads.js';
import { fromPostgres, fromRedis } from '../http/problems/unavailable.js';
import type { AuditView } from './audit.schema.js';
import { findSale } from './find-sale.js';

@Injectable()
export class AuditService {
  constructor(
    private readonly catalog: SaleCatalog,
    private readonly admissions: Admissions,
    private readonly reads: RecentReads,
  ) {}

  /** @throws {ProblemError} SALE_NOT_FOUND, POSTGRES_UNAVAILABLE or REDIS_UNAVAILABLE */
  async of(saleId: string): Promise<AuditView> {
    const sale = await findSale(this.catalog, saleId);
    const skus = sale.items.map(({ sku }) => sku);
    // Pending comes first: an order that has left the queue by then is in the snapshot.
    const [pending, refused] = await fromRedis(
      Promise.all([this.admissions.pending(saleId, skus), this.admissions.refusedWithStock(saleId)]),
    );
    const { items, total } = await fromPostgres(audit(this.reads, saleId));
    return {
      saleId,
      items: items.map((item) =>
        Object.assign(item, {
          pending: pending.get(item.sku) ?? 0,
          refusedWithStock: refused.get(item.sku) ?? 0,
        }),
      ),
      total: { ...total, pending: sumOf(pending), refusedWithStock: sumOf(refused) },
    };
  }
}

const sumOf = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
