import { z } from 'zod';
import { auditFigures } from './audit.schema.js';

const caller = z.string().describe('Host and process id, where the name of the holder tells; else that name');

export const liveSchema = z
  .object({
    saleId: z.guid(),
    at: z.number().describe('When this was read, in milliseconds since 1970'),
    total: auditFigures,
    settled: z.int().describe('Orders that are not queued any more'),
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
  .meta({ id: 'Live' });
export type LiveView = z.infer<typeof liveSchema>;
