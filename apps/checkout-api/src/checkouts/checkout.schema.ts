import { ORDER_STATUSES, REJECTION_REASONS } from '@app/orders';
import { z } from 'zod';
import { buyerId } from '../buyers/buyer-id.js';
import { sku } from '../sales/sale.schema.js';

export const checkoutSchema = z
  .strictObject({
    sku,
    quantity: z.int().min(1).max(10_000).describe('At most MAX_QUANTITY_PER_ORDER').meta({ example: 1 }),
    buyerId,
  })
  .meta({ id: 'Checkout', example: { sku: 'SNEAKER-42', quantity: 1, buyerId: 'buyer-1' } });
export type CheckoutBody = z.infer<typeof checkoutSchema>;

/** A checkout whose buyer is known. */
export type Checkout = CheckoutBody & { readonly buyerId: string };

export const acceptedSchema = z
  .object({
    orderId: z.guid(),
    status: z.enum(ORDER_STATUSES),
    reason: z.enum(REJECTION_REASONS).optional(),
    sku: z.string().optional().describe('Of the order, once it is settled'),
    quantity: z.int().optional().describe('Of the order, once it is settled'),
  })
  .meta({
    id: 'AcceptedCheckout',
    example: { orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4', status: 'queued' },
  });
