import { ORDER_STATUSES } from '@app/orders';
import { z } from 'zod';
import { buyerId } from '../buyers/buyer-id.js';
import { saleId } from '../sales/sale.schema.js';
import { orderExample, orderId, orderShape } from './order.schema.js';

const instant = z.iso.datetime({ offset: true });

/** A queued order has no row yet, and is in no list. */
const status = z.enum(ORDER_STATUSES).exclude(['queued']);

const filters = {
  status: status.optional(),
  from: instant.optional().describe('Accepted then or later'),
  to: instant.optional().describe('Accepted before that'),
};

const page = {
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
  cursor: orderId
    .optional()
    .describe('The order that the page before it ended with, as the Link header of that page says'),
};

export const ofSaleQuery = z.object({ buyerId: buyerId.describe('Of this buyer only'), ...filters, ...page });
export type OfSaleQuery = z.infer<typeof ofSaleQuery>;

export const ofBuyerQuery = z.object({ buyerId, saleId: saleId.optional(), ...filters, ...page });
export type OfBuyerQuery = z.infer<typeof ofBuyerQuery>;

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export const exportQuery = z.object({
  format: z.enum(EXPORT_FORMATS).default('ndjson'),
  buyerId: buyerId.describe('Of this buyer only'),
  ...filters,
});
export type ExportQuery = z.infer<typeof exportQuery>;

export const listedOrderShape = { ...orderShape, buyerId: z.string() };
export const listedOrderExample = { ...orderExample, buyerId: 'buyer-1' };
export const listedOrderSchema = z
  .object(listedOrderShape)
  .meta({ id: 'ListedOrder', example: listedOrderExample });
export type ListedOrder = z.infer<typeof listedOrderSchema>;
