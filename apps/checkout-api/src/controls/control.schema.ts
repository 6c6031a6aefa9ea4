import { z } from 'zod';
import { instant, MAX_STOCK, places, sku } from '../sales/sale.schema.js';

const EXAMPLE = { endsAt: '2030-01-01T14:00:00Z', perBuyerLimit: 4, waitingRoom: { places: 100 } };

export const saleChangeSchema = z
  .strictObject({
    endsAt: instant
      .nullable()
      .optional()
      .describe('Also of a sale that has ended: it goes on. null: it does not end'),
    perBuyerLimit: z
      .int()
      .min(1)
      .max(MAX_STOCK)
      .nullable()
      .optional()
      .describe('What buyers hold beyond it they keep. null: no limit'),
    waitingRoom: z
      .strictObject({ places })
      .optional()
      .describe('Nobody has to go: with fewer places, the next are let in once enough have left'),
  })
  .meta({ id: 'SaleChange', example: EXAMPLE });
export type SaleChangeBody = z.infer<typeof saleChangeSchema>;

export const adjustmentSchema = z
  .strictObject({
    sku,
    units: z
      .int()
      .min(-MAX_STOCK)
      .max(MAX_STOCK)
      .describe('Units to add; below zero, units to withdraw of those that are available'),
  })
  .meta({ id: 'NewAdjustment', example: { sku: 'SNEAKER-42', units: 100 } });
export type AdjustmentBody = z.infer<typeof adjustmentSchema>;

const moment = z.string().meta({ format: 'date-time' });

export const adjustedSchema = z
  .object({
    adjustmentId: z.guid(),
    saleId: z.guid(),
    sku: z.string(),
    units: z.int(),
    status: z.enum(['pending', 'done']),
    initial: z.int().optional().describe('Of the SKU after that'),
    available: z.int().optional(),
    requestedAt: moment,
    decidedAt: moment.optional(),
  })
  .meta({
    id: 'Adjustment',
    example: {
      adjustmentId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4',
      saleId: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
      sku: 'SNEAKER-42',
      units: 100,
      status: 'done',
      initial: 600,
      available: 100,
      requestedAt: '2030-01-01T12:30:00.000Z',
      decidedAt: '2030-01-01T12:30:00.012Z',
    },
  });
export type AdjustmentView = z.infer<typeof adjustedSchema>;

export const actionSchema = z
  .object({
    id: z.int(),
    at: moment,
    admin: z.string().describe('The name of the key'),
    action: z.string(),
    saleId: z.guid().nullable(),
    orderId: z.guid().nullable(),
    details: z.record(z.string(), z.unknown()).describe('What was asked for, or about which webhook'),
  })
  .meta({
    id: 'AdminAction',
    example: {
      id: 7,
      at: '2030-01-01T12:30:00.000Z',
      admin: 'ann',
      action: 'change',
      saleId: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
      orderId: null,
      details: { perBuyerLimit: 4 },
    },
  });
export type ActionView = z.infer<typeof actionSchema>;

export const actionListQuery = z.object({
  saleId: z.guid().toLowerCase().optional(),
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
  cursor: z.coerce
    .number<string>()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('The action that the page before it ended with, as the Link header of that page says'),
});
export type ActionListQuery = z.infer<typeof actionListQuery>;
