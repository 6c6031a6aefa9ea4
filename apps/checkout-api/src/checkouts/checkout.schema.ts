import { ORDER_STATUSES, REJECTION_REASONS } from '@app/orders';
import { z } from 'zod';
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
      .meta({ example: 'buyer-1' }),
  })
  .meta({ id: 'Checkout' });
export type Checkout = z.infer<typeof checkoutSchema>;

export const acceptedSchema = z
  .object({ orderId: z.guid(), status: z.enum(ORDER_STATUSES), reason: z.enum(REJECTION_REASONS).optional() })
  .meta({
    id: 'AcceptedCheckout',
    example: { orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4', status: 'queued' },
  });
