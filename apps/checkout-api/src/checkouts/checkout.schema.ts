import { ORDER_STATUSES, REJECTION_REASONS } from '@app/orders';
import { z } from 'zod';
import type { Caller } from '../buyers/caller.js';
import { ProblemError } from '../problems/problem.js';
import { validationProblem } from '../problems/validation.js';
import { sku } from '../sales/sale.schema.js';

export const checkoutSchema = z
  .strictObject({
    sku,
    quantity: z.int().min(1).max(10_000).describe('At most MAX_QUANTITY_PER_ORDER').meta({ example: 1 }),
    buyerId: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[\x21-\x7e]+$/, 'Use visible ASCII characters')
      .optional()
      .describe('Needed unless a token says who the buyer is')
      .meta({ example: 'buyer-1' }),
  })
  .meta({ id: 'Checkout', example: { sku: 'SNEAKER-42', quantity: 1, buyerId: 'buyer-1' } });
export type CheckoutBody = z.infer<typeof checkoutSchema>;

/** A checkout whose buyer is known. */
export type Checkout = CheckoutBody & { readonly buyerId: string };

/**
 * A checkout of whoever calls: a buyer with a token buys for nobody else.
 *
 * @throws {ProblemError}
 */
export function checkoutBy(caller: Caller, body: CheckoutBody): Checkout {
  const buyerId = caller.kind === 'buyer' ? caller.buyerId : body.buyerId;
  if (buyerId === undefined) throw validationProblem([{ path: 'buyerId', message: 'Required' }]);
  if (body.buyerId !== undefined && body.buyerId !== buyerId)
    throw new ProblemError('BUYER_MISMATCH', 'Leave buyerId out, or name the buyer that the token names.');
  return { ...body, buyerId };
}

export const acceptedSchema = z
  .object({ orderId: z.guid(), status: z.enum(ORDER_STATUSES), reason: z.enum(REJECTION_REASONS).optional() })
  .meta({
    id: 'AcceptedCheckout',
    example: { orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4', status: 'queued' },
  });
