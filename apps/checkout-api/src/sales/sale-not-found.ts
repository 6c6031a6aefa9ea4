import { ProblemError } from '../problems/problem.js';

/** @throws {ProblemError} SALE_NOT_FOUND */
export function saleNotFound(saleId: string): never {
  throw new ProblemError('SALE_NOT_FOUND', `No sale has the id ${saleId}. GET /sales lists the sales.`);
}
