import { z } from 'zod';
import { buyerId } from '../buyers/buyer-id.js';

/** Without an id: OpenAPI shows the members of a query one by one. */
export const leaveQuery = z.strictObject({ buyerId });
export const entrySchema = leaveQuery.meta({ id: 'WaitingRoomEntry', example: { buyerId: 'buyer-1' } });
export type Entry = z.infer<typeof entrySchema>;

export const admittedSchema = z
  .object({
    status: z.literal('admitted'),
    expiresAt: z
      .string()
      .meta({ format: 'date-time' })
      .describe('Until then this buyer may check out; a reservation it has by then keeps its own time'),
  })
  .meta({ id: 'Admitted', example: { status: 'admitted', expiresAt: '2030-01-01T12:05:00.000Z' } });

export const waitingSchema = z
  .object({
    status: z.literal('waiting'),
    position: z.int().describe('1: the next'),
    waiting: z.int().describe('Buyers who wait, this one included'),
    estimatedWaitSeconds: z
      .int()
      .nullable()
      .describe('From how long places were kept lately; null while none has ended'),
    available: z
      .int()
      .nullable()
      .describe('Units left now, over all SKUs; with 0, only what others do not pay can come back'),
  })
  .meta({
    id: 'Waiting',
    example: { status: 'waiting', position: 73, waiting: 420, estimatedWaitSeconds: 55, available: 180 },
  });

export type StandingView = z.infer<typeof admittedSchema> | z.infer<typeof waitingSchema>;
