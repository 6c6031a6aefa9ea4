import { ORDER_STATUSES, REJECTION_REASONS } from '@app/orders';
import { z } from 'zod';

export const orderId = z.guid().toLowerCase();

export const orderSchema = z
  .object({
    orderId: z.guid(),
    saleId: z.guid(),
    sku: z.string(),
    quantity: z.int(),
    status: z.enum(ORDER_STATUSES),
    reason: z.enum(REJECTION_REASONS).optional().describe('Why it was rejected'),
    expiresAt: z
      .string()
      .meta({ format: 'date-time' })
      .optional()
      .describe('Until then it can be paid, if it is reserved and its sale gives reservations an end'),
  })
  .meta({
    id: 'Order',
    example: {
      orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4',
      saleId: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
      sku: 'SNEAKER-42',
      quantity: 1,
      status: 'reserved',
    },
  });
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
