import { join } from 'node:path';
import { runK6 } from '../k6.js';
import { withDatabase } from '../truth/database.js';
import { readSaleTruth } from '../truth/sale-truth.js';
import type { DemoSettings } from './run-demo.js';
import type { DemoStack } from './sell.js';

const warmUpSeconds = 4;
/** The stampede triples this: at its peak it asks for well below what the machine was seen to do while still cold. */
const shareOfCapacity = 0.2;

/** The rate before the stampede that this machine carries with ease, from what it does now under all it can get. */
export async function fitRate(stack: DemoStack, strategy: string, settings: DemoSettings): Promise<number> {
  const { saleId } = await runK6(settings.k6, {
    script: 'capacity.ts',
    env: {
      API_URLS: stack.apiUrls.join(','),
      STRATEGY: strategy,
      EXPECT: 'any',
      DURATION: warmUpSeconds,
    },
    directory: join(settings.directory, 'warm-up'),
  });
  const { ordersPerSecond } = await withDatabase(stack.databaseUrl, (database) =>
    readSaleTruth(database, saleId, 0),
  );
  return Math.min(1_000, Math.max(4, Math.floor(ordersPerSecond * shareOfCapacity)));
}
