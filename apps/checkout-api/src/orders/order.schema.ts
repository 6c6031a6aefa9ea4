import { ORDER_STATUSES, REJECTION_REASONS } from '@app/orders';
import { z } from 'zod';

export const orderId = z.guid().toLowerCase();

const moment = z.string().meta({ format: 'date-time' });

export const orderShape = {
  orderId: z.guid(),
  saleId: z.guid(),
  sku: z.string(),
  quantity: z.int(),
  status: z.enum(ORDER_STATUSES),
  reason: z.enum(REJECTION_REASONS).optional().describe('Why it was rejected'),
  price: z
    .object({
      unit: z.int().describe('Of one unit'),
      total: z.int().describe('Of the order'),
      currency: z.string().describe('ISO 4217'),
    })
    .optional()
    .describe('In minor units of the currency, where its sale has prices'),
  expiresAt: moment
    .optional()
    .describe('Until then it can be paid, if it is reserved and its sale gives reservations an end'),
  acceptedAt: moment.optional().describe('By the API; what follows is told once it is settled'),
  settledAt: moment.optional(),
  paidAt: moment.optional(),
  endedAt: moment.optional().describe('When it expired, or was cancelled or refunded'),
  restockedAt: moment.optional().describe('Since when its units are back'),
};

export const orderExample = {
  orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4',
  saleId: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
  sku: 'SNEAKER-42',
  quantity: 1,
  status: 'reserved',
  price: { unit: 12_900, total: 12_900, currency: 'EUR' },
  acceptedAt: '2030-01-01T12:00:00.000Z',
  settledAt: '2030-01-01T12:00:00.012Z',
};

export const orderSchema = z.object(orderShape).meta({ id: 'Order', example: orderExample });
export type OrderView = z.infer<typeof orderSchema>;

export const ticketSchema = z
  .object({
    ticket: z.string().describe('For the parameter `ticket` of `GET /orders/{orderId}/events`'),
    expiresAt: z
      .string()
      .meta({ format: 'date-time' })
      .describe('Until then it opens a stream, any number of times'),
  })
  .meta({
    id: 'EventsTicket',
    example: { ticket: 'VGhpcyBpcyBub3QgYSB0aWNrZXQhISEh', expiresAt: '2030-01-01T12:01:00.000Z' },
  });
export type TicketView = z.infer<typeof ticketSchema>;
