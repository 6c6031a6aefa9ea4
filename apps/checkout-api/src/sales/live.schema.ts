import { z } from 'zod';
import { auditExample, auditFigures } from './audit.schema.js';
import { SALE_STATES } from './closure.js';

const SALE_ID = '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10';
const caller = z.string().describe('Host and process id, where the name of the holder tells; else that name');

export const liveSchema = z
  .object({
    saleId: z.guid(),
    at: z.number().describe('When this was read, in milliseconds since 1970'),
    state: z.enum(SALE_STATES),
    total: auditFigures,
    settled: z.int().describe('Orders that are not queued any more'),
    waitingRoom: z
      .object({ inside: z.int(), waiting: z.int() })
      .nullable()
      .describe(
        'Buyers in checkout, and those who wait to be let in; null where the sale has no waiting room',
      ),
    locks: z
      .array(
        z.object({
          resource: z.string(),
          holder: caller.nullable(),
          waiters: z
            .array(caller)
            .nullable()
            .describe('First come first; null where they do not stand in line'),
        }),
      )
      .nullable()
      .describe('Of each SKU or stripe; null where the strategy has no lock, or one that cannot be asked'),
  })
  .meta({
    id: 'Live',
    example: {
      saleId: SALE_ID,
      at: 1_893_456_000_000,
      state: 'open',
      total: auditExample,
      settled: 23,
      waitingRoom: { inside: 50, waiting: 420 },
      locks: [
        { resource: `${SALE_ID}:SNEAKER-42`, holder: 'worker-host:4242', waiters: ['worker-host:4243'] },
      ],
    },
  });
export type LiveView = z.infer<typeof liveSchema>;
