import type { Client } from 'pg';
import { startLockServers } from '../../local/services/services.js';
import { build } from '../../local/setup/build.js';
import type { Env } from '../../local/stack/replica.js';
import { Stack } from '../../local/stack/stack.js';
import { k6For, k6Version } from '../k6.js';
import { createReportDirectory, writeReport } from '../report/directory.js';
import { describeMachine } from '../report/machine.js';
import { textOf } from '../report/table.js';
import { withDatabase } from '../truth/database.js';
import { APIS, capacityBench } from './capacity/capacity-bench.js';
import { attack, ATTACKED_ENV } from './http/attack.js';
import { httpBench } from './http/http-bench.js';
import { networkBench } from './network/network-bench.js';
import { locksOf, type BenchmarkName, type BenchOptions } from './options.js';
import { runInOwnProcess } from './own-process.js';
import { renderPage } from './report/page.js';
import type { BenchResult } from './result.js';
import { requestsBench } from './requests/requests-bench.js';
import { REQUESTS_ENV } from './requests/scene.js';
import { longRun, LONG_RUN_ENV } from './scale/long-run.js';
import { scaleBench } from './scale/scale-bench.js';
import { serversFor } from './servers-needed.js';
import { serversBench } from './servers/servers-bench.js';

/** What a benchmark gets besides its options. */
interface Surroundings {
  /** Where the servers are. */
  readonly env: Env & Record<'DATABASE_URL' | 'REDIS_URL', string>;
  /** Gets what a benchmark leaves behind besides its result. */
  readonly directory: string;
}

const progress = (line: string) => console.log(line);

const RUN: Record<BenchmarkName, (options: BenchOptions, around: Surroundings) => Promise<BenchResult>> = {
  worker: ({ only, loads, orders, rounds }, { env }) =>
    runInOwnProcess('worker', { only, loads, orders, rounds }, env),
  network: ({ rounds, seconds }, { env }) => networkBench({ rounds, seconds: seconds.network }, env),
  locks: (options, { env }) =>
    runInOwnProcess(
      'locks',
      { only: locksOf(options), seconds: options.seconds.locks, rounds: options.rounds },
      env,
    ),
  requests: ({ rounds }, around) =>
    withStack(around, 1, REQUESTS_ENV, (running) => requestsBench({ ...running, rounds, progress })),
  http: ({ rounds, seconds, workers, apiReplicas }, around) =>
    withStack(around, apiReplicas, {}, async (running) => {
      const k6 = await k6For(running.stack);
      return httpBench({ ...running, k6, rounds, workers, progress, seconds: seconds.http });
    }),
  attack: ({ seconds, workers, apiReplicas }, around) =>
    withStack(around, apiReplicas, ATTACKED_ENV, async (running) => {
      await running.stack.startWorkers(workers);
      const k6 = await k6For(running.stack);
      return attack({ ...running, k6, progress, seconds: seconds.attack });
    }),
  servers: ({ rounds, seconds, workers, apiReplicas }, { directory }) =>
    serversBench({ rounds, workers, apiReplicas, seconds: seconds.servers }, { directory, progress }),
  capacity: ({ rounds }, around) =>
    withStack(around, APIS, REQUESTS_ENV, (running) => capacityBench({ ...running, rounds, progress })),
  scale: ({ rounds, seconds, full, history, long }, around) =>
    withStack(around, 1, long ? LONG_RUN_ENV : {}, async (running) => {
      if (!long) return scaleBench({ ...running, rounds, full, history, progress });
      return longRun({ ...running, k6: await k6For(running.stack), progress, seconds: seconds.long });
    }),
};

const BY_K6 = new Set<BenchmarkName>(['http', 'attack', 'servers']);

/** Runs the chosen benchmarks one after the other and writes their report. One that ends early does not end the others. */
export async function runBenchmarks(options: BenchOptions, command: string) {
  const { env } = await startLockServers(serversFor(options));
  await build();
  const directory = await createReportDirectory('bench', new Date());
  const results: BenchResult[] = [];
  for (const name of options.benchmarks) {
    console.log(`\n${name}`);
    const result = await RUN[name](options, { env, directory }).catch((error: unknown): BenchResult => ({
      benchmarks: [],
      tables: [],
      failures: [`${name} ended early: ${String(error)}`],
    }));
    for (const table of result.tables) console.log(textOf(table));
    results.push(result);
  }
  const result: BenchResult = {
    benchmarks: results.flatMap(({ benchmarks }) => benchmarks),
    tables: results.flatMap(({ tables }) => tables),
    failures: results.flatMap(({ failures }) => failures),
  };
  const machine = await withDatabase(env.DATABASE_URL, async (database) => {
    const usesK6 = options.long || options.benchmarks.some((name) => BY_K6.has(name));
    return describeMachine(
      database,
      env.REDIS_URL,
      usesK6 ? await k6Version(await k6For({ adminKey: '' })) : undefined,
    );
  });
  const finishedAt = new Date();
  const page = renderPage({ result, machine, command, finishedAt });
  const verdict = result.failures.length > 0 ? 'FAIL' : 'PASS';
  const summary = { verdict, command, finishedAt, machine, ...result };
  return { failures: result.failures, report: await writeReport(directory, summary, page) };
}

/** The application's API on these servers; a benchmark starts the workers that it wants. */
async function withStack(
  { env, directory }: Surroundings,
  apiReplicas: number,
  settings: Env,
  work: (running: { stack: Stack; database: Client; directory: string }) => Promise<BenchResult>,
): Promise<BenchResult> {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = env;
  const stack = new Stack({ databaseUrl, redisUrl, stop: async () => undefined }, settings);
  try {
    await stack.migrate();
    await stack.startApis(apiReplicas);
    return await withDatabase(databaseUrl, (database) => work({ stack, database, directory }));
  } finally {
    await stack.stop();
  }
}
