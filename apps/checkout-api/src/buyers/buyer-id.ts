import { z } from 'zod';
import { ProblemError } from '../http/problems/problem.js';
import { validationProblem } from '../http/problems/validation.js';
import type { Caller } from './caller.js';

/** What a buyer may be called, whoever says it: a body, a query or a token. */
export const buyerName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'Use visible ASCII characters');

export const buyerId = buyerName
  .optional()
  .describe('Needed unless a token says who the buyer is')
  .meta({ example: 'buyer-1' });

/**
 * The buyer of a request: the one of the token, or else the one that it names.
 *
 * @throws {ProblemError} also if a token and the name differ
 */
export function buyerOf(caller: Caller, named: string | undefined): string {
  const buyer = caller.kind === 'buyer' ? caller.buyerId : named;
  if (buyer === undefined) throw validationProblem([{ path: 'buyerId', message: 'Required' }]);
  if (named !== undefined && named !== buyer)
    throw new ProblemError('BUYER_MISMATCH', 'Leave buyerId out, or name the buyer that the token names.');
  return buyer;
}
