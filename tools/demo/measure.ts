import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'pg';
import { followSale } from './follow-sale.js';
import { runK6, type K6, type K6Summary } from './k6.js';
import { requestsOf, type PlannedRun } from './plan.js';
import type { OnProgress } from './progress.js';
import { readSaleTruth, type SaleTruth } from './sale-truth.js';
import { extendTo, thinOut } from './series.js';
import { roleOf, type Percentiles, type RunFigures, type RunResult } from './summary.js';

/** What a demo needs of a running stack. */
export interface DemoStack {
  readonly apiUrls: string[];
  readonly databaseUrl: string;
  readonly redisUrl: string;
  startWorkers(count: number, env: Record<string, string>): Promise<void>;
  stopWorkers(): Promise<void>;
}

export interface Measuring {
  stack: DemoStack;
  database: Client;
  k6: K6;
  /** Gets a folder for each run. */
  directory: string;
  onProgress?: OnProgress;
}

const chartPoints = 300;
/** What the audit must show for k6's own thresholds; the verdict is not taken from them. */
const expectations = { 'negative control': 'safe', 'lock-off': 'oversold', 'lock-on': 'safe' };

/** One run: fresh workers, a new sale, the load, and once the queue has drained the truth. */
export async function measure(measuring: Measuring, run: PlannedRun): Promise<RunResult> {
  const { stack, database } = measuring;
  const { workers, batchSize, load } = run;
  await stack.stopWorkers();
  await stack.startWorkers(workers, { BATCH_SIZE: String(batchSize), ...run.env });

  const folder = `${roleOf(run)}-${run.strategy}`.replaceAll(' ', '-');
  const sent = await sell(measuring, run, folder);
  const truth = await readSaleTruth(database, sent.saleId, load.stock);
  const figures = figuresOf(run, stack.apiUrls.length, sent, truth);
  return {
    figures,
    plannedRequests: requestsOf(load),
    endedOrders: truth.endedOrders,
    unexpectedAnswers: sent.unexpected,
    auditAgrees: agrees(sent.audit, figures),
    series: extendTo(load.durationSeconds, thinOut(truth.series, chartPoints)),
    dashboard: `${folder}/k6.html`,
  };
}

async function sell(measuring: Measuring, run: PlannedRun, folder: string): Promise<K6Summary> {
  const { stack, database, k6, directory, onProgress } = measuring;
  const { strategy, load } = run;
  const role = roleOf(run);
  const sale = {
    name: `${role}, ${strategy}, ${randomUUID()}`,
    run: `${role}: ${strategy}`,
    stock: load.stock,
  };
  const following = onProgress && followSale(stack.apiUrls[0]!, database, sale, onProgress);
  try {
    return await runK6(k6, {
      script: 'flash-sale.ts',
      env: {
        API_URLS: stack.apiUrls.join(','),
        SALE_NAME: sale.name,
        STRATEGY: strategy,
        EXPECT: expectations[role],
        STOCK: load.stock,
        RATE: load.rate,
        DURATION: load.durationSeconds,
        SPIKE_RATE: load.spikeRate,
        SPIKE_START: load.spikeStart,
        SPIKE_DURATION: load.spikeSeconds,
      },
      directory: join(directory, folder),
      onRequests: (requests) => following?.count(requests),
    });
  } finally {
    await following?.stop();
  }
}

function figuresOf(run: PlannedRun, apiReplicas: number, sent: K6Summary, truth: SaleTruth): RunFigures {
  const initialStock = run.load.stock;
  const { live, available } = truth;
  // Buyers are turned away as sold out in two places: the API once it knows, and the worker.
  const turnedAway = sent.soldOut + truth.rejected;
  return {
    strategy: run.strategy,
    workers: run.workers,
    apiReplicas,
    batchSize: run.batchSize,
    initialStock,
    requests: sent.requests,
    accepted: sent.accepted,
    live,
    available,
    oversold: Math.max(0, live - initialStock),
    undersold: Math.min(turnedAway, Math.max(0, initialStock - live)),
    lostUpdates: truth.lostUpdates,
    conserved: available + live === initialStock,
    ordersPerSecond: rounded(truth.ordersPerSecond),
    latencyMs: roundedAll(sent.latencyMs),
    timeToTerminalMs: roundedAll(truth.timeToTerminalMs),
    droppedIterations: sent.droppedIterations,
  };
}

function agrees(audit: K6Summary['audit'], figures: RunFigures): boolean {
  return (
    audit.held + audit.sold === figures.live &&
    audit.available === figures.available &&
    audit.oversold === figures.oversold &&
    audit.lost_updates === figures.lostUpdates
  );
}

/** Digits beyond these are noise. */
const rounded = (value: number) => Math.round(value * 100) / 100;

function roundedAll({ p50, p95, p99 }: Percentiles): Percentiles {
  return { p50: rounded(p50), p95: rounded(p95), p99: rounded(p99) };
}
