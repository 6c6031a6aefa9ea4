import { randomUUID } from 'node:crypto';
import { Samples } from '../../statistics/samples.js';
import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { inTurn } from '../in-turn.js';
import { microsEach, timed } from '../processor-time.js';
import type { BenchResult } from '../result.js';
import type { DrainBench } from '../scale/drain.js';
import { KINDS, type Kind } from './kinds.js';
import { REQUESTS, requestsTable } from './requests-tables.js';
import { openScene, SKU, type Scene } from './scene.js';
import { sendAside } from './send-aside.js';
import { untilSettled } from './until-settled.js';

export interface RequestsBench extends DrainBench {
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

/** As many as a closed loop of `http` has buyers. */
const CONNECTIONS = 50;
/** Checkouts of each kind in each round, and once before: code that has just been loaded is slow. */
const AMOUNT = 10_000;
/** Of checkouts that are to be refused, so many may get in: who comes first, or when a mark has ended. */
const MOST_ACCEPTED = AMOUNT / 20;

/**
 * The processor time that a checkout takes of each process, by what becomes of it, beside a bare route that refuses and one that only
 * enqueues. It says more than wall time, since all processes share the cores.
 */
export async function requestsBench(bench: RequestsBench): Promise<BenchResult> {
  const { stack, rounds, progress } = bench;
  const samples = new Samples();
  const failures: string[] = [];
  const accepted = { open: 0, 'sold-out': 0 };
  await stack.startWorkers(1);
  const scene = await openScene(stack);
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const kind of inTurn(KINDS, round + 1)) {
        const { answers, ...measured } = await ask(bench, scene, kind);
        failures.push(...brokenBy(kind, answers));
        if (kind.sale === 'open' || kind.sale === 'sold-out') accepted[kind.sale] += answers.get(202) ?? 0;
        if (round === 0) continue; // they have warmed up
        samples.add(REQUESTS, kind.name, measured);
        progress(`round ${round}/${rounds}  ${kind.name}: ${Math.round(measured.apiMicros)} µs`);
      }
    }
    for (const sale of ['open', 'sold-out'] as const) {
      const truth = await readTruth(stack, bench.database, scene.sales[sale]);
      failures.push(...brokenPromises(`the sale ${sale}`, true, accepted[sale], truth));
    }
  } finally {
    await scene.close();
    await stack.stopWorkers();
  }
  const benchmarks = samples.benchmarks();
  return { benchmarks, tables: [requestsTable(benchmarks)], failures };
}

/** Sends checkouts of a kind, and waits until what was accepted is settled. */
async function ask({ stack, database }: RequestsBench, { servers, sales, redis }: Scene, kind: Kind) {
  const server = servers[kind.server];
  const checkout = { path: pathOf(kind, sales), sku: kind.sku ?? SKU, buyerId: kind.buyerId };
  const measured = { apis: [server], workers: stack.workers, redisUrl: stack.redisUrl };
  const { result, took } = await timed(measured, database, async () => {
    // The bare route has no worker either. One that settled what is accepted meanwhile would slow the API down, as it shares its cores.
    const resting = kind.accepts ? stack.workers : [];
    for (const worker of resting) worker.freeze();
    const sending = { url: server.url, checkout, amount: AMOUNT, connections: CONNECTIONS };
    const sent = await sendAside(sending).finally(() => resting.forEach((worker) => worker.thaw()));
    await untilSettled(redis);
    return { answers: sent.answers, answersPerSecond: AMOUNT / sent.seconds };
  });
  return { ...result, ...microsEach(took, AMOUNT) };
}

function pathOf({ server, accepts, sale }: Kind, sales: Scene['sales']): string {
  if (server === 'bare') return accepts ? '/enqueue' : '/refuse';
  return `/sales/${sale ? sales[sale] : randomUUID()}/checkouts`;
}

/** An answer that is none of those that the kind may have. */
function brokenBy({ name, status, accepts }: Kind, answers: ReadonlyMap<number, number>): string[] {
  const asExpected = answers.get(status) ?? 0;
  const accepted = accepts ? 0 : (answers.get(202) ?? 0);
  if (asExpected + accepted === AMOUNT && accepted <= MOST_ACCEPTED) return [];
  const told = [...answers].map(([code, count]) => `${count} x ${code}`).join(', ');
  return [`${name}: of ${AMOUNT} checkouts all were to be answered with ${status}: ${told}`];
}
