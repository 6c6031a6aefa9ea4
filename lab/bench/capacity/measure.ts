import { availableParallelism } from 'node:os';
import type { Client } from 'pg';
import { median } from '../../statistics/quantiles.js';
import { drain, type DrainBench } from '../scale/drain.js';
import { totalsOf } from '../scale/process-metrics.js';
import { sell } from './buyers.js';
import { eachPart, orderIn, RARE, type Measured } from './model.js';

/** Checkouts of each measurement. Every connection sends its whole mix a few times. */
export const AMOUNT = 40_000;
/** Orders of each worker that has just been started, before it is measured: new code is slow. */
export const WARM_UP = 40_000;
/**
 * To each API. A checkout waits for up to 10 ms until those that came with it ask Redis together, and then for a worker; with fewer buyers,
 * such waits and not a processor would be the wall.
 */
export const CONNECTIONS = 200;
export const ORDERS = { orders: 1, refusals: 0 };
const REFUSALS = { orders: 0, refusals: 1 };
const BACKLOG = { orders: 40_000, skus: 1 };
const COMMITS = 300;

/** Each part with so many APIs and the workers that there are. `broken` are sentences that say what broke a promise. */
export async function measure(
  bench: DrainBench,
  apis: number,
): Promise<{ measured: Measured; broken: string[] }> {
  const order = await sell(bench, apis, ORDERS, AMOUNT, CONNECTIONS);
  const refusal = await sell(bench, apis, REFUSALS, AMOUNT, CONNECTIONS);
  const mix = await sell(bench, apis, { orders: 1, ...RARE }, AMOUNT, CONNECTIONS);
  const { most, api, worker } = await connectionsIn(bench.database);
  const commitMicros = await measureCommit(bench.database);
  const { broken, ...section } = await measureSection(bench);
  const measured = {
    order: order.costs,
    rareOrder: orderIn(
      eachPart((part) => (1 + RARE.refusals) * mix.costs[part]),
      refusal.costs,
      RARE,
    ),
    refusal: refusal.costs,
    busy: order.coresBusy / availableParallelism(),
    ...section,
    commitMicros,
    connections: most,
    connectionsOfApi: api / apis,
    connectionsOfWorker: worker / bench.stack.workers.length,
  };
  return { measured, broken: [...order.broken, ...refusal.broken, ...mix.broken, ...broken] };
}

/** The critical section where the queue of a hot SKU is full. */
async function measureSection(bench: DrainBench) {
  const metrics = ['section_duration_seconds_sum', 'batch_orders_sum', 'batch_orders_count'];
  const read = () => totalsOf(bench.stack.workers, metrics);
  const before = await read();
  const { broken } = await drain(bench, 'a backlog of one SKU', BACKLOG);
  const after = await read();
  const [seconds, orders, commits] = after.map((value, i) => value - before[i]!) as [number, number, number];
  return { broken, sectionMicros: (seconds * 1e6) / orders, commits: commits / orders };
}

/** Commits one after the other, each with its flush to the disk. */
async function measureCommit(database: Client): Promise<number> {
  await database.query('CREATE TABLE IF NOT EXISTS bench_commits (at timestamptz)');
  const micros: number[] = [];
  for (let i = 0; i < COMMITS; i++) {
    const began = performance.now();
    await database.query('INSERT INTO bench_commits VALUES (now())');
    micros.push((performance.now() - began) * 1_000);
  }
  await database.query('DROP TABLE bench_commits');
  return median(micros);
}

/** Right after a load. */
async function connectionsIn(database: Client) {
  const { rows } = await database.query<{ most: number; api: number; worker: number }>(`
    SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
      count(*) FILTER (WHERE application_name LIKE 'checkout-api%')::int AS api,
      count(*) FILTER (WHERE application_name LIKE 'checkout-worker%')::int AS worker
    FROM pg_stat_activity`);
  return rows[0]!;
}
