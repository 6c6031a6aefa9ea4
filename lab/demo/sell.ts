import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'pg';
import { runK6, type K6, type K6Run, type K6Summary } from '../k6.js';
import { followSale } from './follow-sale.js';
import type { PlannedWorkers } from './plan.js';
import type { OnProgress } from './progress.js';

/** What a demo needs of a running stack. */
export interface DemoStack {
  readonly apiUrls: string[];
  readonly adminKey: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  startWorkers(count: number, env: Record<string, string>): Promise<void>;
  stopWorkers(): Promise<void>;
}

export interface Measuring {
  stack: DemoStack;
  database: Client;
  k6: K6;
  /** Gets a folder for each run. */
  directory: string;
  onProgress?: OnProgress;
}

interface Selling extends Pick<K6Run, 'script' | 'env'> {
  /** What the run is called. */
  run: string;
  /** The folder that k6's report of it goes to. */
  folder: string;
  stock: number;
}

/** Sells a new sale with fresh workers to the buyers of a load test, until its queue has drained. */
export async function sell(
  { stack, database, k6, directory, onProgress }: Measuring,
  { strategy, workers, batchSize, env: settings }: PlannedWorkers,
  { run, folder, stock, script, env }: Selling,
): Promise<K6Summary> {
  await stack.stopWorkers();
  await stack.startWorkers(workers, { BATCH_SIZE: String(batchSize), ...settings });
  const sale = { name: `${run}, ${randomUUID()}`, run, stock };
  const following = onProgress && followSale(stack, database, sale, onProgress);
  try {
    return await runK6(k6, {
      script,
      env: {
        API_URLS: stack.apiUrls.join(','),
        SALE_NAME: sale.name,
        STRATEGY: strategy,
        STOCK: stock,
        ...env,
      },
      directory: join(directory, folder),
      onRequests: (requests) => following?.count(requests),
    });
  } finally {
    await following?.stop();
  }
}

/** Whether the API's audit says of a sale what the SQL of this demo says. */
export const agrees = (
  audit: K6Summary['audit'],
  truth: { live: number; available: number; oversold: number; lostUpdates: number },
) =>
  audit.held + audit.sold === truth.live &&
  audit.available === truth.available &&
  audit.oversold === truth.oversold &&
  audit.lost_updates === truth.lostUpdates;
