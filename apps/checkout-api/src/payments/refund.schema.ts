import { z } from 'zod';

export const refundSchema = z
  .strictObject({
    restock: z.boolean().default(false).describe('Whether the units come back for others'),
    reason: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'Must not contain control characters')
      .optional()
      .describe('For the trail of actions'),
  })
  .meta({ id: 'Refund', example: { restock: true, reason: 'did not fit' } });
export type RefundBody = z.infer<typeof refundSchema>;
