import { startReplicas } from '../../../local/stack/replica.js';
import type { Stack } from '../../../local/stack/stack.js';
import { Samples } from '../../statistics/samples.js';
import type { Settlement } from '../../truth/orders.js';
import { inTurn } from '../in-turn.js';
import type { LoadBench } from '../load-bench.js';
import { microsEach, timed } from '../processor-time.js';
import type { BenchResult } from '../result.js';
import { COMPARED_WORKERS, OVERLOAD_SHARE, STEADY_SHARE, type ComparedWorker } from './compared-workers.js';
import { failover } from './failover.js';
import { BUYERS, figuresOf, sendAndJudge, warmUp } from './load.js';
import { overload } from './overload.js';
import { CAPACITY, httpTables, STEADY } from './http-tables.js';

export interface HttpBench extends LoadBench {
  readonly rounds: number;
  /** Of the closed loop; the open one takes a part of it. */
  readonly seconds: number;
  readonly workers: number;
}

/** Of the capacity, where the time to terminal is measured. */
const STEADY_LOAD = 0.7;

/**
 * From the request to the terminal order, through API, queue and worker: as much as a closed loop of buyers gets through,
 * then how long an order takes at a part of that. The contenders take turns.
 */
export async function httpBench(bench: HttpBench): Promise<BenchResult> {
  const { stack, rounds, seconds, progress } = bench;
  const samples = new Samples();
  const failures: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const contender of inTurn(COMPARED_WORKERS, round)) {
      const { name } = contender;
      await startWorkers(bench, contender);
      const run = async (benchmark: string, script: string, env: Record<string, number>) => {
        const { broken, ...figures } = await measure(bench, contender, `${round}-${benchmark}`, script, env);
        failures.push(...broken);
        samples.add(benchmark, name, figures);
        return figures;
      };
      const capacity = await run(CAPACITY, 'capacity.ts', { BUYERS, DURATION: seconds });
      const rate = Math.max(1, Math.floor(capacity.settledPerSecond * STEADY_LOAD));
      const steady = await run(STEADY, 'steady.ts', {
        RATE: rate,
        DURATION: Math.ceil(seconds * STEADY_SHARE),
      });
      const { settledPerSecond, drainMs } = capacity;
      progress(
        `round ${round}/${rounds}  ${name}: ${Math.round(settledPerSecond)} orders/s to terminal, the last ${Math.round(drainMs)} ms ` +
          `after the load; p99 ${Math.round(steady.terminalP99Ms)} ms at ${rate}/s`,
      );
      await stack.stopWorkers();
    }
  }
  await startWorkers(bench, COMPARED_WORKERS[0]!);
  const killed = await failover(bench);
  await stack.stopWorkers();
  const overloaded = await overload(bench, { ...bench, seconds: OVERLOAD_SHARE * seconds });
  const benchmarks = samples.benchmarks();
  return {
    benchmarks,
    tables: [...httpTables(benchmarks), killed.figures, overloaded.table],
    failures: [...failures, ...killed.broken, ...overloaded.broken],
  };
}

/** And warms them up. */
async function startWorkers(bench: HttpBench, { idle, strategy }: ComparedWorker) {
  const { stack, workers } = bench;
  stack.workers = idle
    ? await startReplicas('lab', 'idle-worker', workers, stack.env, ['idle-worker'])
    : await startReplicas('checkout-worker', 'worker', workers, stack.env);
  await warmUp(bench, 'warm-up', strategy);
  if (idle) await announcedBy(stack);
}

async function measure(
  bench: HttpBench,
  { name, strategy, safe, idle }: ComparedWorker,
  run: string,
  script: string,
  env: Record<string, number>,
) {
  const { result: judged, took } = await timed(bench.stack, bench.database, () =>
    sendAndJudge(bench, {
      name: `${run}-${name}`,
      script,
      env: { ...env, STRATEGY: strategy },
      safe,
      settlements: idle ? () => announcedBy(bench.stack) : undefined,
    }),
  );
  return { ...figuresOf(judged), ...microsEach(took, judged.sent.accepted), broken: judged.broken };
}

/** What the workers that do nothing have announced since they were asked last. */
async function announcedBy({ workers }: Stack): Promise<Settlement[]> {
  const answers = workers.map(
    async ({ url }) => (await (await fetch(`${url}/settlements`)).json()) as Settlement[],
  );
  return (await Promise.all(answers)).flat();
}
