import { EVENT_TYPES, type EventType } from '@app/events';
import { REJECTION_REASONS } from '@app/orders';
import { z } from 'zod';

const ANY_TYPE = EVENT_TYPES.join('|').replaceAll('.', '\\.');

const eventType = z.enum(EVENT_TYPES);
export const eventTypes = z
  .array(eventType)
  .min(1)
  .max(EVENT_TYPES.length)
  .meta({ example: ['order.paid'] });

export const eventListQuery = z.object({
  after: z.coerce
    .number<string>()
    .int()
    .min(0)
    .optional()
    .describe(
      'Tells what comes after the event of this number: `next` of the page before; unless given, all',
    ),
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
  types: z
    .string()
    .regex(
      new RegExp(`^(${ANY_TYPE})(,(${ANY_TYPE}))*$`),
      `Separate by commas what you want of ${EVENT_TYPES.join(', ')}`,
    )
    .transform((names) => names.split(',') as EventType[])
    .optional()
    .describe('Only these types, separated by commas'),
});
export type EventListQuery = z.infer<typeof eventListQuery>;

const eventSchema = z.object({
  id: z.string().describe('The same however often it is told; webhooks carry it as webhook-id'),
  number: z.int().describe('Its place in the feed'),
  type: eventType,
  timestamp: z.string().meta({ format: 'date-time' }),
  data: z.object({
    orderId: z.guid(),
    saleId: z.guid(),
    sku: z.string(),
    quantity: z.int(),
    buyerId: z.string(),
    reason: z.enum(REJECTION_REASONS).optional().describe('Why it was rejected'),
  }),
});

export const eventPageSchema = z
  .object({
    events: z.array(eventSchema),
    next: z.int().describe('Go on with `after` this number'),
    more: z.boolean().describe('Whether there is more already'),
  })
  .meta({
    id: 'EventPage',
    example: {
      events: [
        {
          id: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4_paid',
          number: 42,
          type: 'order.paid',
          timestamp: '2026-01-01T00:00:00.000Z',
          data: {
            orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4',
            saleId: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
            sku: 'SNEAKER-42',
            quantity: 1,
            buyerId: 'buyer-1',
          },
        },
      ],
      next: 42,
      more: false,
    },
  });
export type EventPageView = z.infer<typeof eventPageSchema>;
