import { STRATEGY_NAMES } from '@app/inventory';
import { z } from 'zod';

/** Postgres `integer` ends at 2,147,483,647. */
export const MAX_STOCK = 1_000_000_000;
const MAX_PRICE = 1_000_000_000;
const MAX_ITEMS = 1_000;
const MAX_STRIPES = 64;
const YEAR_IN_SECONDS = 365 * 86_400;
const DAY_IN_SECONDS = 86_400;
const MAX_PLACES = 1_000_000;

export const saleId = z.guid().toLowerCase();

export const sku = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'Use letters, digits, dot, underscore and hyphen')
  .meta({ example: 'SNEAKER-42' });

export const instant = z.iso.datetime({ offset: true });

export const places = z
  .int()
  .min(1)
  .max(MAX_PLACES)
  .describe('Buyers in checkout at a time')
  .meta({ example: 50 });

const moment = z.string().meta({ format: 'date-time' });

export const newSaleSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'Must not contain control characters')
      .meta({ example: 'Sneaker drop' }),
    strategy: z
      .string()
      .optional()
      .describe(`How concurrent checkouts of one SKU are kept apart: ${STRATEGY_NAMES.join(', ')}`)
      .meta({ example: 'redis' }),
    items: z
      .array(
        z.strictObject({
          sku,
          stock: z.int().min(0).max(MAX_STOCK).meta({ example: 500 }),
          price: z
            .int()
            .min(1)
            .max(MAX_PRICE)
            .optional()
            .describe('Of a unit, in minor units of `currency`')
            .meta({ example: 12_900 }),
        }),
      )
      .min(1)
      .max(MAX_ITEMS)
      .superRefine(refuseDuplicates),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'Use three capital letters, as ISO 4217 does')
      .optional()
      .describe('ISO 4217; with it every item has a price, without it none has')
      .meta({ example: 'EUR' }),
    stripes: z
      .int()
      .min(1)
      .max(MAX_STRIPES)
      .optional()
      .describe(
        'Rows, each with a lock of its own, over which the stock of each SKU is spread; 1 unless given. Not with skip-locked, which has a row for each unit',
      ),
    perBuyerLimit: z
      .int()
      .min(1)
      .max(MAX_STOCK)
      .optional()
      .describe('Units one buyer may hold, over all SKUs'),
    reservationTtlSeconds: z
      .int()
      .min(1)
      .max(YEAR_IN_SECONDS)
      .optional()
      .describe('Seconds after which an unpaid reservation expires; never unless given'),
    waitingRoom: z
      .strictObject({
        places,
        placeTtlSeconds: z
          .int()
          .min(1)
          .max(DAY_IN_SECONDS)
          .default(300)
          .describe('Seconds that one of them may stay; 300 unless given'),
      })
      .optional()
      .describe('Lets so many buyers check out at a time, first come first served; everybody unless given'),
    startsAt: instant.meta({ example: '2030-01-01T12:00:00Z' }).optional(),
    endsAt: instant.meta({ example: '2030-01-01T13:00:00Z' }).optional(),
  })
  .refine(({ startsAt, endsAt }) => !startsAt || !endsAt || Date.parse(endsAt) > Date.parse(startsAt), {
    path: ['endsAt'],
    message: 'Must be after startsAt',
  })
  .refine(
    ({ currency, items }) => items.every(({ price }) => (price === undefined) === (currency === undefined)),
    {
      path: ['currency'],
      message: 'Give a currency and a price for every item, or neither',
    },
  )
  .meta({
    id: 'NewSale',
    example: {
      name: 'Sneaker drop',
      strategy: 'redis',
      currency: 'EUR',
      items: [{ sku: 'SNEAKER-42', stock: 500, price: 12_900 }],
      perBuyerLimit: 2,
      reservationTtlSeconds: 600,
      waitingRoom: { places: 50, placeTtlSeconds: 300 },
      startsAt: '2030-01-01T12:00:00Z',
    },
  });
export type NewSale = z.infer<typeof newSaleSchema>;

export const saleSchema = z
  .object({
    id: z.guid(),
    name: z.string(),
    strategy: z.enum(STRATEGY_NAMES),
    currency: z.string().nullable(),
    stripes: z.int().describe('Rows over which the stock of each SKU is spread'),
    perBuyerLimit: z.int().nullable(),
    reservationTtlSeconds: z.int().nullable(),
    waitingRoom: z.object({ places: z.int(), placeTtlSeconds: z.int() }).nullable(),
    startsAt: moment.nullable(),
    endsAt: moment.nullable(),
    pausedAt: moment.nullable().describe('Since when it takes no new checkouts; null while it takes them'),
    createdAt: moment,
    items: z.array(
      z.object({
        sku,
        price: z.int().optional().describe('Of a unit, in minor units of the currency, where there is one'),
        initial: z.int(),
        available: z.int(),
        held: z.int().describe('Units in reserved orders'),
        sold: z.int().describe('Units in paid orders, and in refunded ones that did not come back'),
      }),
    ),
  })
  .meta({
    id: 'Sale',
    example: {
      id: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
      name: 'Sneaker drop',
      strategy: 'redis',
      currency: 'EUR',
      stripes: 1,
      perBuyerLimit: 2,
      reservationTtlSeconds: 600,
      waitingRoom: { places: 50, placeTtlSeconds: 300 },
      startsAt: '2030-01-01T12:00:00.000Z',
      endsAt: null,
      pausedAt: null,
      createdAt: '2029-12-24T18:00:00.000Z',
      items: [{ sku: 'SNEAKER-42', price: 12_900, initial: 500, available: 480, held: 12, sold: 8 }],
    },
  });
export type SaleView = z.infer<typeof saleSchema>;

export const saleListQuery = z.object({
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
  cursor: saleId
    .optional()
    .describe('The sale that the page before it ended with, as the Link header of that page says'),
});
export type SaleListQuery = z.infer<typeof saleListQuery>;

function refuseDuplicates(items: readonly { sku: string }[], context: z.RefinementCtx) {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item.sku))
      context.addIssue({ code: 'custom', path: [index, 'sku'], message: 'Is there twice' });
    seen.add(item.sku);
  }
}
