import type { Sale, SaleCatalog } from '@app/inventory';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';

/** @throws {ProblemError} SALE_NOT_FOUND or POSTGRES_UNAVAILABLE */
export const findSale = async (catalog: SaleCatalog, saleId: string): Promise<Sale> =>
  (await fromPostgres(catalog.find(saleId))) ?? saleNotFound(saleId);

/** @throws {ProblemError} SALE_NOT_FOUND */
export function saleNotFound(saleId: string): never {
  throw new ProblemError('SALE_NOT_FOUND', `No sale has the id ${saleId}. GET /sales lists the sales.`);
}

/** @throws {ProblemError} SKU_NOT_FOUND */
export function skuNotFound(saleId: string, sku: string): never {
  throw new ProblemError(
    'SKU_NOT_FOUND',
    `GET /sales/${saleId} lists the SKUs of this sale; ${sku} is none of them.`,
  );
}
