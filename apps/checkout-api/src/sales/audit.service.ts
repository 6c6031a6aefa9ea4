import { Admissions } from '@app/checkout-queue';
import { archivedSale, audit, SaleCatalog } from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { RecentReads } from '../core/recent-reads.js';
import { fromPostgres, fromRedis } from '../http/problems/unavailable.js';
import type { AuditView } from './audit.schema.js';
import { saleNotFound } from './find-sale.js';

@Injectable()
export class AuditService {
  constructor(
    private readonly catalog: SaleCatalog,
    private readonly admissions: Admissions,
    private readonly reads: RecentReads,
  ) {}

  /** @throws {ProblemError} SALE_NOT_FOUND, POSTGRES_UNAVAILABLE or REDIS_UNAVAILABLE */
  async of(saleId: string): Promise<AuditView> {
    const sale = await fromPostgres(this.catalog.find(saleId));
    if (!sale) return this.#final(saleId);
    const skus = sale.items.map(({ sku }) => sku);
    // Pending comes first: an order that has left the queue by then is in the snapshot.
    const [pending, refused] = await fromRedis(
      Promise.all([this.admissions.pending(saleId, skus), this.admissions.refusedWithStock(saleId)]),
    );
    const { items, total } = await fromPostgres(audit(this.reads, saleId));
    if (items.length === 0) return this.#final(saleId); // archived since this process last looked
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

  /** Of an archived sale. Nothing was pending; what Redis counted is forgotten. */
  async #final(saleId: string): Promise<AuditView> {
    const archived = await fromPostgres(archivedSale(this.reads, saleId));
    if (!archived) return saleNotFound(this.catalog, saleId);
    const { items, total } = archived.audit;
    const none = { pending: 0, refusedWithStock: 0 };
    return {
      saleId,
      archivedAt: archived.archivedAt.toISOString(),
      items: items.map((item) => Object.assign(item, none)),
      total: { ...total, ...none },
    };
  }
}

const sumOf = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
