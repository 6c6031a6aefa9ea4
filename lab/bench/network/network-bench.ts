import { TcpProxy } from '@app/testing';
import { askRedis } from '../../../local/services/redis.js';
import { median } from '../../statistics/quantiles.js';
import { runInOwnProcess } from '../own-process.js';
import type { BenchResult } from '../result.js';
import { benchmarkOf, DELAYS_MS } from './contenders.js';
import { networkTables, ROUND_TRIP, ROUND_TRIP_MS } from './network-tables.js';

export interface NetworkBenchOptions {
  readonly rounds: number;
  /** Of a run, about. */
  readonly seconds: number;
  readonly delays?: readonly number[];
}

/** Orders settled per second where Redis and Postgres are further and further away: a relay before each delays what passes. */
export async function networkBench(
  { rounds, seconds, delays = DELAYS_MS }: NetworkBenchOptions,
  servers: Readonly<Record<'DATABASE_URL' | 'REDIS_URL', string>>,
): Promise<BenchResult> {
  const { DATABASE_URL: postgres, REDIS_URL: redis } = servers;
  const relays = [await TcpProxy.before(postgres), await TcpProxy.before(redis)] as const;
  const env = {
    ...servers,
    DATABASE_URL: relays[0].leadingTo(postgres),
    REDIS_URL: relays[1].leadingTo(redis),
  };
  const results: Omit<BenchResult, 'tables'>[] = [];
  try {
    for (const ms of delays) {
      for (const relay of relays) relay.delay(ms);
      const trip = await roundTripMs(env.REDIS_URL);
      const far = { name: benchmarkOf(ms), contender: ROUND_TRIP, metric: ROUND_TRIP_MS, ratioTo: {} };
      results.push({ benchmarks: [{ ...far, median: trip, min: trip, max: trip }], failures: [] });
      results.push(await runInOwnProcess('network', { ms, rounds, seconds }, env));
    }
  } finally {
    for (const relay of relays) await relay.close();
  }
  const benchmarks = results.flatMap((result) => result.benchmarks);
  const failures = results.flatMap((result) => result.failures);
  return { benchmarks, failures, tables: networkTables(benchmarks, delays) };
}

const PINGS = 21;

const roundTripMs = (url: string) =>
  askRedis(url, async (redis) => {
    const times: number[] = [];
    while (times.length < PINGS) {
      const sentAt = performance.now();
      await redis.ping();
      times.push(performance.now() - sentAt);
    }
    return median(times);
  });
