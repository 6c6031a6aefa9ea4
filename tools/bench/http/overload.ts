import { join } from 'node:path';
import type { Table } from '../../../apps/lab/src/bench/result.js';
import { brokenPromises } from '../../../apps/lab/src/bench/verdict.js';
import { runK6 } from '../../demo/k6.js';
import { startReplicas } from '../../stack/replica.js';
import type { LoadBench } from '../load-bench.js';
import { readTruth, settlementsIn } from '../sale.js';
import { settledFigures } from './figures.js';

/** Few enough for the workers below to settle in a few seconds. */
const MAX_BACKLOG = 1_000;
const API_ENV = { QUEUE_MAX_BACKLOG: String(MAX_BACKLOG) };
/** A lock per order, so that k6 has power left on the same machine to ask for several times what they settle. */
const WORKER_ENV = { BATCH_SIZE: '1' };
const PROBE = { RATE: 1_000, DURATION: 10 };
const TIMES_THE_CAPACITY = 3;

/** At least three times what the workers settle: what is accepted ends in bounded time, none of it is lost, the rest is told at once. */
export async function overload(
  { stack, database, k6, directory, progress }: LoadBench,
  { workers, seconds }: { readonly workers: number; readonly seconds: number },
) {
  await Promise.all(stack.apis.map((api) => api.stop()));
  await stack.startApis(stack.apis.length, API_ENV);
  stack.workers = await startReplicas('checkout-worker', 'worker', workers, { ...stack.env, ...WORKER_ENV });
  const run = async (name: string, load: { readonly RATE: number; readonly DURATION: number }) => {
    const sent = await runK6(k6, {
      script: 'overload.ts',
      env: { API_URLS: stack.apiUrls.join(','), STRATEGY: 'redis', ...load },
      directory: join(directory, name),
    });
    const truth = await readTruth(stack, database, sent.saleId);
    const broken = brokenPromises(name, true, sent.accepted, truth);
    if (sent.unexpected > 0)
      broken.push(`${name}: ${sent.unexpected} answers were neither 202 nor QUEUE_FULL`);
    return { ...sent, ...settledFigures(await settlementsIn(database, sent.saleId)), broken };
  };
  const probe = await run('overload-probe', PROBE);
  const { broken, requests, accepted, refused, ...figures } = await run('overload', {
    // The more arrive, the less is settled on the same machine: no less than it took to find that out.
    RATE: Math.max(PROBE.RATE, Math.ceil(TIMES_THE_CAPACITY * probe.settledPerSecond)),
    DURATION: seconds,
  });
  await stack.stopWorkers();
  if (refused === 0) broken.push('overload: no checkout was refused, so it was none');
  progress(
    `overload: ${requests} checkouts in ${seconds} s, ${accepted} accepted, ${refused} refused, ` +
      `p99 to terminal ${Math.round(figures.terminalP99Ms)} ms`,
  );
  const milliseconds = (...values: number[]) => values.map((value) => Math.round(value)).join(' / ');
  const table: Table = {
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
        Math.round(figures.settledPerSecond),
        (requests / seconds / figures.settledPerSecond).toFixed(1),
        accepted,
        refused,
        figures.droppedIterations,
        milliseconds(figures.latencyMs.p50, figures.latencyMs.p99),
        milliseconds(figures.terminalP50Ms, figures.terminalP99Ms),
        milliseconds((MAX_BACKLOG * 1_000) / figures.settledPerSecond),
        accepted - figures.ended,
      ].map(String),
    ],
  };
  return { table, broken };
}
