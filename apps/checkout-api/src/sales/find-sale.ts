import type { Sale, SaleCatalog } from '@app/inventory';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';

/** @throws {ProblemError} SALE_NOT_FOUND, SALE_ARCHIVED or POSTGRES_UNAVAILABLE */
export const findSale = async (catalog: SaleCatalog, saleId: string): Promise<Sale> =>
  (await fromPostgres(catalog.find(saleId))) ?? saleNotFound(catalog, saleId);

/** @throws {ProblemError} SALE_NOT_FOUND, SALE_ARCHIVED or POSTGRES_UNAVAILABLE */
export async function saleNotFound(catalog: SaleCatalog, saleId: string): Promise<never> {
  if (await fromPostgres(catalog.find(saleId))) catalog.forget(saleId); // gone since this process last looked
  await refuseArchived(catalog, saleId);
  throw new ProblemError('SALE_NOT_FOUND', `No sale has the id ${saleId}. GET /sales lists the sales.`);
}

/** @throws {ProblemError} SALE_ARCHIVED or POSTGRES_UNAVAILABLE */
export async function refuseArchived(catalog: SaleCatalog, saleId: string): Promise<void> {
  const archivedAt = await fromPostgres(catalog.archivedAt(saleId));
  if (archivedAt === undefined) return;
  const detail = `Its orders are in an archive since ${archivedAt.toISOString()}. GET /sales/${saleId}/audit still tells what was sold.`;
  throw new ProblemError('SALE_ARCHIVED', detail);
}

/** @throws {ProblemError} SKU_NOT_FOUND */
export function skuNotFound(saleId: string, sku: string): never {
  throw new ProblemError(
    'SKU_NOT_FOUND',
    `GET /sales/${saleId} lists the SKUs of this sale; ${sku} is none of them.`,
  );
}
