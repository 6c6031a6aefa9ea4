import { setTimeout as sleep } from 'node:timers/promises';
import { writeHistory } from '../../../local/history/history.js';
import { startReplicas } from '../../../local/stack/replica.js';
import { Stack } from '../../../local/stack/stack.js';
import { quantile } from '../../statistics/quantiles.js';
import { Samples } from '../../statistics/samples.js';
import { readAudit } from '../../truth/audit.js';
import { withDatabase } from '../../truth/database.js';
import type { BenchResult } from '../result.js';
import { drain, type DrainBench } from './drain.js';
import {
  brokenBounds,
  EMPTY,
  EXPIRY,
  GROWN,
  GROWTH,
  grownTables,
  LOOKS,
  RETIREMENT,
} from './grown-tables.js';
import { retirement } from './retirement.js';

export interface GrownBench extends DrainBench {
  readonly rounds: number;
  /** Orders that were sold before. */
  readonly history: number;
  readonly progress: (line: string) => void;
}

const SKUS_PER_SALE = 10;
const ORDERS_PER_SKU = 100;
const WORKERS = 2;
const ORDERS = 60_000;
const WARM_UP = 20_000;
const AUDITS = 200;
/** Longer than it takes to reserve them all; then they are due as fast as they were reserved. */
const TTL_SECONDS = 120;
const EXPIRY_TIMEOUT_MS = 600_000;
const LOOK_MS = 500;

/** What a database in which years were sold changes: beside an empty one on the same server, by turns. */
export async function grownBench({
  stack,
  database,
  rounds,
  history,
  progress,
}: GrownBench): Promise<BenchResult> {
  const name = `grown_${process.pid}`;
  await database.query(`CREATE DATABASE ${name}`);
  const databaseUrl = Object.assign(new URL(stack.databaseUrl), { pathname: `/${name}` }).href;
  const services = { databaseUrl, redisUrl: stack.redisUrl, stop: async () => undefined };
  const grown = new Stack(services, { ...stack.env, DATABASE_URL: databaseUrl });
  try {
    await grown.migrate();
    const sales = Math.ceil(history / (SKUS_PER_SALE * ORDERS_PER_SKU));
    const began = performance.now();
    const rows = await writeHistory(
      databaseUrl,
      { sales, skus: SKUS_PER_SALE, orders: ORDERS_PER_SKU },
      progress,
    );
    const seconds = Math.round((performance.now() - began) / 1_000);
    progress(`history: ${rows.toLocaleString('en')} rows in ${seconds} s`);
    await grown.startApis(1);
    return await withDatabase(databaseUrl, (ofGrown) =>
      measure(
        { [EMPTY]: { stack, database }, [GROWN]: { stack: grown, database: ofGrown } },
        { rounds, history, progress },
      ),
    );
  } finally {
    await grown.stop();
    await database.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}

type Databases = Readonly<Record<typeof EMPTY | typeof GROWN, DrainBench>>;

async function measure(
  databases: Databases,
  { rounds, history, progress }: Pick<GrownBench, 'rounds' | 'history' | 'progress'>,
): Promise<BenchResult> {
  const samples = new Samples();
  const failures: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [contender, bench] of Object.entries(databases)) {
      const stays = contender === GROWN;
      samples.add(LOOKS, contender, await startUp(bench.stack));
      // The dearest moment: from now on each page that is changed is written as a whole, once.
      await bench.database.query('CHECKPOINT');
      for (const orders of [WARM_UP, ORDERS, ORDERS, ORDERS]) {
        const { broken, figures } = await drain(bench, `${GROWTH}: ${contender}`, { orders, skus: 1, stays });
        failures.push(...broken);
        if (orders === ORDERS) samples.add(GROWTH, contender, figures);
      }
      progress(`round ${round}/${rounds}  ${GROWTH}: ${contender}`);
      await bench.stack.stopWorkers();
    }
  }
  const grown = databases[GROWN];
  samples.add(LOOKS, GROWN, await audits(grown));
  const { broken, figures } = await expiry(grown, Math.ceil(history / 10));
  failures.push(...broken);
  samples.add(EXPIRY, GROWN, figures);
  const { waits, broken: notRetired } = await retirement(grown);
  failures.push(...notRetired);
  for (const [contender, each] of Object.entries(waits)) samples.add(RETIREMENT, contender, each);
  const benchmarks = samples.benchmarks();
  return {
    benchmarks,
    tables: grownTables(benchmarks),
    failures: [...failures, ...brokenBounds(benchmarks)],
  };
}

/** Starts the workers, and tells how long one of each kind takes until it is ready. */
async function startUp(stack: Stack) {
  const timed = async (app: string, name: string, count: number) => {
    const began = performance.now();
    const replicas = await startReplicas(app, name, count, stack.env);
    return { replicas, ms: performance.now() - began };
  };
  const api = await timed('checkout-api', 'api-started', 1);
  await Promise.all(api.replicas.map((replica) => replica.stop()));
  const first = await timed('checkout-worker', 'worker-started', 1);
  stack.workers = [
    ...first.replicas,
    ...(await startReplicas('checkout-worker', 'worker', WORKERS - 1, stack.env)),
  ];
  return { apiReadyMs: api.ms, workerReadyMs: first.ms };
}

/** Of sales of the history, each asked for once. */
async function audits({ stack, database }: DrainBench) {
  const { rows } = await database.query<{ id: string }>(
    `SELECT id FROM sales WHERE strategy = 'redis' ORDER BY id LIMIT ${AUDITS}`,
  );
  const took: number[] = [];
  for (const { id } of rows) {
    const began = performance.now();
    await readAudit(stack, id);
    took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  return { auditP50Ms: quantile(took, 0.5), auditP99Ms: quantile(took, 0.99) };
}

const ENDED_SQL = `
  SELECT count(*)::int AS ended, extract(epoch FROM max(ended_at) - min(ended_at))::float8 AS seconds,
    extract(epoch FROM max(expires_at) - min(expires_at))::float8 AS "dueWithin",
    extract(epoch FROM max(ended_at) - max(expires_at))::float8 AS late
  FROM orders WHERE sale_id = $1 AND status = 'expired'`;
const LEFT_SQL = `SELECT FROM orders WHERE sale_id = $1 AND status = 'reserved' ORDER BY sale_id, status LIMIT 1`;

/** So many reservations that nobody pays. */
async function expiry(bench: DrainBench, orders: number) {
  const { stack, database } = bench;
  stack.workers = await startReplicas('checkout-worker', 'worker', WORKERS, stack.env);
  const backlog = { orders, skus: 1, stays: true, reservationTtlSeconds: TTL_SECONDS };
  const { saleId, broken } = await drain(bench, EXPIRY, backlog);
  const latest = Date.now() + EXPIRY_TIMEOUT_MS;
  while ((await database.query(LEFT_SQL, [saleId])).rowCount !== 0) {
    if (Date.now() > latest) throw new Error(`reservations were left after ${EXPIRY_TIMEOUT_MS / 1_000} s`);
    await sleep(LOOK_MS);
  }
  const { rows } = await database.query<Record<'ended' | 'seconds' | 'dueWithin' | 'late', number>>(
    ENDED_SQL,
    [saleId],
  );
  const { ended, seconds, dueWithin, late } = rows[0]!;
  const total = await readAudit<{ available: number; lostUpdates: number; conserved: boolean }>(
    stack,
    saleId,
  );
  if (ended !== orders || total.available !== orders || total.lostUpdates > 0 || !total.conserved)
    broken.push(
      `${EXPIRY}: ${ended} of ${orders} reservations expired, and ${total.available} units are back`,
    );
  await stack.stopWorkers();
  return {
    broken,
    figures: { reservations: ended, dueWithin, endedPerSecond: ended / seconds, lateSeconds: late },
  };
}
