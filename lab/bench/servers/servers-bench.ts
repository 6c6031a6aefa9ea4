import type { RedisKind } from '../../../local/services/services.js';
import type { PostgresWay } from '../../../local/stack/pooler.js';
import type { Env } from '../../../local/stack/replica.js';
import { startStack } from '../../../local/stack/stack.js';
import { k6For } from '../../k6.js';
import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';
import { Samples } from '../../statistics/samples.js';
import { withDatabase } from '../../truth/database.js';
import { BUYERS, figuresOf, sendAndJudge, warmUp } from '../http/load.js';
import { inTurn } from '../in-turn.js';
import type { BenchResult } from '../result.js';

export interface ServersBenchOptions {
  readonly rounds: number;
  /** Of load, each time. */
  readonly seconds: number;
  readonly apiReplicas: number;
  readonly workers: number;
}

interface Surroundings {
  /** Gets a folder for each run of k6. */
  readonly directory: string;
  readonly progress: (line: string) => void;
}

/** What the application has instead of one Redis and one Postgres. */
interface Servers {
  readonly name: string;
  readonly redis?: RedisKind;
  readonly postgres?: PostgresWay;
  readonly env?: Env;
}

const PLAIN = 'one Redis, one Postgres';
export const SERVERS: readonly Servers[] = [
  { name: PLAIN },
  { name: 'Sentinel, 1 + 2', redis: 'sentinel' },
  { name: 'Sentinel, accepted once a replica has it', redis: 'sentinel', env: { ACCEPT_REPLICAS: '1' } },
  { name: 'Cluster, 3 + 3', redis: 'cluster' },
  { name: 'PgBouncer, by transaction', postgres: 'pgbouncer' },
];

const BENCHMARK = 'servers';
const STRATEGY = 'redis';

/**
 * What a closed loop of buyers gets through where Redis has replicas or is a cluster, or Postgres a pooler, against one of each. All of
 * them run on the cores of this machine: what replicas cost here they cost elsewhere on machines of their own.
 */
export async function serversBench(options: ServersBenchOptions, around: Surroundings): Promise<BenchResult> {
  const samples = new Samples();
  const failures: string[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const servers of inTurn(SERVERS, round)) {
      const { figures, broken } = await measure(servers, round, options, around);
      samples.add(BENCHMARK, servers.name, figures);
      failures.push(...broken);
      const perSecond = Math.round(figures.settledPerSecond);
      around.progress(`round ${round}/${options.rounds}  ${servers.name}: ${perSecond} orders/s to terminal`);
    }
  }
  const benchmarks = samples.benchmarks();
  return { benchmarks, tables: [tableOf(benchmarks)], failures };
}

async function measure(
  { name, ...servers }: Servers,
  round: number,
  { seconds, ...processes }: ServersBenchOptions,
  around: Surroundings,
) {
  const stack = await startStack({ ...servers, ...processes });
  try {
    return await withDatabase(stack.databaseUrl, async (database) => {
      const bench = { stack, database, k6: await k6For(stack), ...around };
      const run = `${round} ${name}`;
      await warmUp(bench, `${run} warm-up`, STRATEGY);
      const env = { STRATEGY, BUYERS, DURATION: seconds };
      const judged = await sendAndJudge(bench, { name: run, script: 'capacity.ts', env, safe: true });
      return { figures: figuresOf(judged), broken: judged.broken };
    });
  } finally {
    await stack.stop();
  }
}

function tableOf(benchmarks: readonly Benchmark[]): Table {
  const cells = cellsOf(benchmarks, BENCHMARK);
  return {
    name: BENCHMARK,
    title: `HTTP to the terminal order, ${BUYERS} virtual users, by the servers of the application, all on one machine`,
    head: ['servers', 'terminal/s', 'x one of each', 'accept p50/p99 ms', 'terminal p50/p99 ms'],
    rows: SERVERS.map(({ name }) => [
      name,
      cells.range(name, 'settledPerSecond'),
      cells.ratio(name, 'settledPerSecond', PLAIN),
      [cells.median(name, 'acceptP50Ms'), cells.median(name, 'acceptP99Ms')].join(' / '),
      [cells.median(name, 'terminalP50Ms'), cells.median(name, 'terminalP99Ms')].join(' / '),
    ]),
  };
}
