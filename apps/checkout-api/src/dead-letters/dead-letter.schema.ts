import type { DeadLetter } from '@app/checkout-queue';
import { z } from 'zod';

export const deadLetterListQuery = z.object({
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
});
export type DeadLetterListQuery = z.infer<typeof deadLetterListQuery>;

export const deadLetterSchema = z
  .object({
    orderId: z.guid(),
    saleId: z.string(),
    sku: z.string(),
    kind: z
      .enum(['checkout', 'release'])
      .describe('What was refused: the order, or the end of its reservation'),
    quantity: z.number().optional(),
    buyerId: z.string().optional(),
    idempotencyKey: z.string().optional(),
    code: z.string().optional().describe('SQLSTATE, where Postgres refused it'),
    message: z.string(),
    refusedAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({
    id: 'DeadLetter',
    example: {
      orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4',
      saleId: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
      sku: 'SNEAKER-42',
      kind: 'checkout',
      quantity: 1,
      buyerId: 'buyer-1',
      idempotencyKey: '1',
      code: '22021',
      message: 'invalid byte sequence for encoding "UTF8": 0x00',
      refusedAt: '2026-01-01T00:00:00.000Z',
    },
  });
export type DeadLetterView = z.infer<typeof deadLetterSchema>;

export function viewOf({ kind, order, code, message, refusedAt }: DeadLetter): DeadLetterView {
  const { orderId, saleId, sku, ...rest } = order;
  const { quantity, buyerId, idempotencyKey } = rest as Partial<DeadLetterView>;
  const why = { code, message, refusedAt: new Date(refusedAt).toISOString() };
  return { orderId, saleId, sku, kind, quantity, buyerId, idempotencyKey, ...why };
}
