import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Client } from 'pg';
import { startReplicas } from '../../../local/stack/replica.js';
import type { Stack } from '../../../local/stack/stack.js';
import { runK6 } from '../../k6.js';
import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import type { LoadBench } from '../load-bench.js';
import { LONG_RUN_WARM_UP } from '../options.js';
import type { BenchResult } from '../result.js';
import { grownBeyond, growthOf, longRunTable, type Sample } from './growth.js';
import { largest, processMetrics } from './process-metrics.js';

export interface LongRun extends LoadBench {
  readonly seconds: number;
}

const WORKERS = 2;
/** Arrivals a second, well below what two cores carry: what is looked for grows with time, not with load. */
const RATE = 200;
const SAMPLE_MS = 2_000;
const MIB = 2 ** 20;
/** Keys of old checkouts have to go while new ones come, or the keys would grow by design. In seconds. */
export const LONG_RUN_ENV = { IDEMPOTENCY_TTL_SECONDS: '30' };

/** A steady load for a long time: memory, keys, connections and the event loop's delay may not grow with it. */
export async function longRun({
  stack,
  database,
  k6,
  directory,
  seconds,
  progress,
}: LongRun): Promise<BenchResult> {
  stack.workers = await startReplicas('checkout-worker', 'worker', WORKERS, stack.env);
  const redis = new Redis(stack.redisUrl);
  const ended = new AbortController();
  const samples: Sample[] = [];
  const watching = (async () => {
    while (!ended.signal.aborted) {
      samples.push(await sample(stack, database, redis));
      await sleep(SAMPLE_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  const env = { API_URLS: stack.apiUrls.join(','), STRATEGY: 'redis', RATE, DURATION: seconds };
  try {
    const sent = await runK6(k6, { script: 'steady.ts', env, directory: join(directory, 'long-run') });
    ended.abort();
    await watching;
    const truth = await readTruth(stack, database, sent.saleId);
    const growth = growthOf(samples.slice((LONG_RUN_WARM_UP * 1_000) / SAMPLE_MS));
    progress(`long run: ${sent.accepted} orders in ${seconds} s, ${samples.length} samples`);
    return {
      benchmarks: growth,
      tables: [longRunTable(growth)],
      failures: [...brokenPromises('long run', true, sent.accepted, truth), ...grownBeyond(growth)],
    };
  } finally {
    ended.abort();
    redis.disconnect();
    await stack.stopWorkers();
  }
}

async function sample(stack: Stack, database: Client, redis: Redis): Promise<Sample> {
  const [apis, workers, keys, info, connections] = await Promise.all([
    processMetrics(stack.apis),
    processMetrics(stack.workers),
    redis.dbsize(),
    redis.info(),
    database.query<{ count: number }>('SELECT count(*)::int AS count FROM pg_stat_activity'),
  ]);
  const fact = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)![1]);
  const process = (name: string, metrics: typeof apis) => ({
    [`${name} RSS, MiB`]: largest(metrics, 'process_resident_memory_bytes') / MIB,
    [`${name} heap, MiB`]: largest(metrics, 'nodejs_heap_size_used_bytes') / MIB,
    [`${name} event-loop delay p99, ms`]: largest(metrics, 'nodejs_eventloop_lag_p99_seconds') * 1_000,
  });
  return {
    ...process('API', apis),
    ...process('worker', workers),
    'Redis memory, MiB': fact('used_memory') / MIB,
    'Redis keys': keys,
    'Redis connections': fact('connected_clients'),
    'Postgres connections': connections.rows[0]!.count,
  };
}
