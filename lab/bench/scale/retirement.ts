import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { retire } from '@app/retention';
import { oneShard } from '@app/servers';
import { Redis } from 'ioredis';
import { startReplicas } from '../../../local/stack/replica.js';
import type { Stack } from '../../../local/stack/stack.js';
import { quantile } from '../../statistics/quantiles.js';
import { checkOut } from './check-out.js';
import type { DrainBench } from './drain.js';
import { openSale } from './open-sale.js';

/** Sales of the history, 1,000 orders each, that are retired. */
const SALES = 100;
const CALM_MS = 10_000;
const VACUUMED = ['orders', 'stock_movements', 'payments'];

/** They ended long ago, nothing can happen in them any more, and all events were told. */
const END_SQL = `
  WITH old AS (SELECT id FROM sales WHERE strategy = 'redis' ORDER BY created_at LIMIT ${SALES}), ended AS (
    UPDATE sales SET ends_at = now() - interval '2 days' FROM old WHERE sales.id = old.id
  )
  UPDATE orders SET status = 'paid', paid_at = accepted_at FROM old WHERE sale_id = old.id AND status = 'reserved'`;

/** How long a checkout takes meanwhile. */
type Waits = Readonly<Record<'p50Ms' | 'p99Ms' | 'maxMs', number>>;

export interface Retirement {
  readonly waits: Readonly<Record<string, Waits>>;
  readonly broken: string[];
}

/** Buyers come one after the other, each until the order is reserved, while old sales are archived and pruned, and while Postgres tidies up. */
export async function retirement({ stack, database }: DrainBench): Promise<Retirement> {
  stack.workers = await startReplicas('checkout-worker', 'worker', 1, stack.env);
  await database.query(END_SQL);
  await database.query('TRUNCATE outbox');
  const saleId = await openSale(stack, 'redis', { hot: 1_000_000 });
  const during = async (work: Promise<unknown>) => waitsOf(await checkouts(stack, saleId, work));
  const calm = await during(sleep(CALM_MS));
  const directory = await mkdtemp(join(tmpdir(), 'archive-'));
  const redis = new Redis(stack.redisUrl);
  try {
    const log = { info: () => undefined, warn: (fields: object) => console.error(fields) };
    const options = { databaseUrl: stack.databaseUrl, shards: oneShard(redis), directory, days: 1, log };
    const retiring = retire(options);
    const retired = await during(retiring);
    const tidied = await during(vacuum(database));
    const { archived, pruned } = (await retiring)!;
    const broken =
      archived === SALES && pruned === SALES
        ? []
        : [`retire: of ${SALES} sales ${archived} archived, ${pruned} pruned`];
    return { waits: { 'nothing else': calm, retire: retired, VACUUM: tidied }, broken };
  } finally {
    redis.disconnect();
    await rm(directory, { recursive: true });
    await stack.stopWorkers();
  }
}

async function vacuum(database: DrainBench['database']): Promise<void> {
  for (const table of VACUUMED) await database.query(`VACUUM ${table}`);
}

/** Milliseconds that each checkout took, as long as the work goes on. */
async function checkouts({ apiUrls }: Stack, saleId: string, work: Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  const ended = new AbortController();
  const working = work.finally(() => ended.abort());
  while (!ended.signal.aborted) {
    const began = performance.now();
    const response = await checkOut(apiUrls[0]!, saleId, 'hot');
    if (response.status !== 201) throw new Error(`no order: ${response.status} ${await response.text()}`);
    await response.text();
    took.push(performance.now() - began);
  }
  await working;
  return took;
}

function waitsOf(took: readonly number[]): Waits {
  const sorted = took.toSorted((a, b) => a - b);
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), maxMs: sorted.at(-1)! };
}
