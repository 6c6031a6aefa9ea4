import { EVENT_TYPES, refusalOf, type DeadOrder, type Webhook } from '@app/events';
import { z } from 'zod';
import { eventTypes } from './feed.schema.js';

export const webhookId = z.guid().toLowerCase();

const moment = z.string().meta({ format: 'date-time' });

export const newWebhookSchema = z
  .strictObject({
    url: z
      .string()
      .max(2_000)
      .superRefine((url, context) => {
        const refusal = refusalOf(url);
        if (refusal) context.addIssue({ code: 'custom', message: refusal });
      })
      .describe('Where events are sent: https, or http on this machine'),
    types: eventTypes.optional().describe('Only these types of events; all unless given'),
    after: z
      .int()
      .min(0)
      .optional()
      .describe('Begins after the event of this number; with what is new unless given'),
  })
  .meta({ id: 'NewWebhook', example: { url: 'https://fulfilment.example/events', types: ['order.paid'] } });
export type NewWebhook = z.infer<typeof newWebhookSchema>;

const example = {
  id: '7c1f3a52-5b0e-4a57-9e5e-0d8d9a4b6c11',
  url: 'https://fulfilment.example/events',
  types: ['order.paid' as const],
  createdAt: '2026-01-01T00:00:00.000Z',
  position: 42,
  behind: 0,
  lagSeconds: 0,
  failing: false,
  held: 0,
  dead: 0,
};

const fields = z.object({
  id: z.guid(),
  url: z.string(),
  types: z.array(z.enum(EVENT_TYPES)).nullable().describe('Null: all'),
  createdAt: moment,
  position: z.int().describe('Events up to this number were accepted, or are held'),
  behind: z.int().describe('Events that it has before it'),
  lagSeconds: z.number().describe('Age of the oldest event that it has not accepted, held ones included'),
  failing: z.boolean().describe('Lately it has accepted nothing'),
  held: z.int().describe('Orders of which an event was not accepted and is tried again'),
  dead: z.int().describe('Orders of which an event was given up'),
});

export const webhookSchema = fields.meta({ id: 'Webhook', example });
export type WebhookView = z.infer<typeof webhookSchema>;

const SECRET = 'whsec_bm90IGEgc2VjcmV0LCBhbiBleGFtcGxlIG9mIG9uZQ==';
const secret = z.string().describe('Signs what is sent. It is told this once');
export const createdWebhookSchema = fields
  .extend({ secret })
  .meta({ id: 'CreatedWebhook', example: { ...example, secret: SECRET } });
export type CreatedWebhookView = z.infer<typeof createdWebhookSchema>;

export const secretSchema = z.object({ secret }).meta({ id: 'WebhookSecret', example: { secret: SECRET } });
export type SecretView = z.infer<typeof secretSchema>;

export const deadOrderListQuery = z.object({
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
});
export type DeadOrderListQuery = z.infer<typeof deadOrderListQuery>;

export const deadOrderSchema = z
  .object({
    orderId: z.guid(),
    events: z
      .array(z.object({ number: z.int(), type: z.enum(EVENT_TYPES), timestamp: moment }))
      .describe('The first was refused; the others wait for it'),
    attempts: z.int().describe('How often the first was tried'),
    error: z.string().describe('What came of the last try'),
  })
  .meta({
    id: 'DeadOrder',
    example: {
      orderId: '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4',
      events: [{ number: 42, type: 'order.paid', timestamp: '2026-01-01T00:00:00.000Z' }],
      attempts: 20,
      error: 'answered 500',
    },
  });
export type DeadOrderView = z.infer<typeof deadOrderSchema>;

export const retryQuery = z.object({
  orderId: z.guid().toLowerCase().optional().describe('Only the events of this order; of all unless given'),
});
export type RetryQuery = z.infer<typeof retryQuery>;

export const retriedSchema = z
  .object({ orders: z.int().describe('Orders whose events will be delivered again') })
  .meta({ id: 'Retried', example: { orders: 1 } });
export type RetriedView = z.infer<typeof retriedSchema>;

export const viewOfWebhook = ({ createdAt, types, ...webhook }: Webhook): WebhookView => ({
  ...webhook,
  types: types && [...types],
  createdAt: createdAt.toISOString(),
});

export const viewOfDead = ({ orderId, events, attempts, error }: DeadOrder): DeadOrderView => ({
  orderId,
  events: events.map(({ number, type, at }) => ({ number, type, timestamp: at })),
  attempts,
  error,
});
