import { startReplicas } from '../../../local/stack/replica.js';
import type { Table } from '../../report/table.js';
import type { LoadBench } from '../load-bench.js';
import { sendAndJudge } from './load.js';

/** Few enough for the workers below to settle in a few seconds. */
const MAX_BACKLOG = 1_000;
const API_ENV = { QUEUE_MAX_BACKLOG: String(MAX_BACKLOG) };
/** A lock per order, so that k6 has power left on the same machine to ask for several times what they settle. */
const WORKER_ENV = { BATCH_SIZE: '1' };
const PROBE = { RATE: 1_000, DURATION: 10 };
/** What is asked of them: three times at least remain where they settle more than they did while that was found out. */
const TIMES_THE_CAPACITY = 4;

/** At least three times what the workers settle: what is accepted ends in bounded time, none of it is lost, the rest is told at once. */
export async function overload(
  bench: LoadBench,
  { workers, seconds }: { readonly workers: number; readonly seconds: number },
) {
  const { stack, progress } = bench;
  await Promise.all(stack.apis.map((api) => api.stop()));
  await stack.startApis(stack.apis.length, API_ENV);
  stack.workers = await startReplicas('checkout-worker', 'worker', workers, { ...stack.env, ...WORKER_ENV });
  const run = (name: string, load: { readonly RATE: number; readonly DURATION: number }) =>
    sendAndJudge(bench, { name, script: 'overload.ts', env: { STRATEGY: 'redis', ...load }, safe: true });
  const warmUp = await run('overload-warm-up', PROBE);
  const probe = await run('overload-probe', PROBE);
  const { sent, settled, ...judged } = await run('overload', {
    // The more arrive, the less is settled on the same machine: no less than it took to find that out.
    RATE: Math.max(PROBE.RATE, Math.ceil(TIMES_THE_CAPACITY * probe.settled.settledPerSecond)),
    DURATION: seconds,
  });
  const { requests, accepted, refused, latencyMs, droppedIterations } = sent;
  await stack.stopWorkers();
  const broken = [...warmUp.broken, ...probe.broken, ...judged.broken];
  if (refused === 0) broken.push('overload: no checkout was refused, so it was none');
  progress(
    `overload: ${requests} checkouts in ${seconds} s, ${accepted} accepted, ${refused} refused, ` +
      `p99 to terminal ${Math.round(settled.terminalP99Ms)} ms`,
  );
  const milliseconds = (...values: number[]) => values.map((value) => Math.round(value)).join(' / ');
  const table: Table = {
    name: 'http, overload',
    title: `More than the workers settle, for ${seconds} s: a lock per order, at most ${MAX_BACKLOG} orders in the queue`,
    head: [
      'strategy',
      'arrivals/s',
      'settled/s',
      'x settled',
      'accepted',
      'refused: 503',
      'dropped by k6',
      'answer p50/p99 ms',
      'terminal p50/p99 ms',
      'a full queue is worth ms',
      'lost',
    ],
    rows: [
      [
        'redis',
        Math.round(requests / seconds),
        Math.round(settled.settledPerSecond),
        (requests / seconds / settled.settledPerSecond).toFixed(1),
        accepted,
        refused,
        droppedIterations,
        milliseconds(latencyMs.p50, latencyMs.p99),
        milliseconds(settled.terminalP50Ms, settled.terminalP99Ms),
        milliseconds((MAX_BACKLOG * 1_000) / settled.settledPerSecond),
        accepted - settled.ended,
      ].map(String),
    ],
  };
  return { table, broken };
}
