import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'pg';
import { followSale } from './follow-sale.js';
import { runK6, type K6, type K6Summary } from './k6.js';
import { requestsOf, type PlannedRun } from './plan.js';
import type { OnProgress } from './progress.js';
import { readSaleTruth, type SaleTruth } from './sale-truth.js';
import { thinOut } from './series.js';
import { roleOf, type RunFigures, type RunResult } from './summary.js';

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
  const { stack, database, k6, directory, onProgress } = measuring;
  const { strategy, workers, batchSize, load } = run;
  const role = roleOf(run);
  await stack.stopWorkers();
  await stack.startWorkers(workers, { BATCH_SIZE: String(batchSize), ...run.env });

  const folder = `${role}-${strategy}`.replaceAll(' ', '-');
  const sale = {
    name: `${role}, ${strategy}, ${randomUUID()}`,
    run: `${role}: ${strategy}`,
    stock: load.stock,
  };
  const following = onProgress && followSale(stack.apiUrls[0]!, database, sale, onProgress);
  const sent = await runK6(k6, {
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
  }).finally(() => following?.stop());

  const truth = await readSaleTruth(database, sent.saleId, load.stock);
  const figures = figuresOf(run, stack.apiUrls.length, sent, truth);
  return {
    figures,
    plannedRequests: requestsOf(load),
    endedOrders: truth.endedOrders,
    unexpectedAnswers: sent.unexpected,
    auditAgrees: agrees(sent.audit, figures),
    series: thinOut(truth.series, chartPoints),
    dashboard: `${folder}/k6.html`,
  };
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
    ordersPerSecond: truth.ordersPerSecond,
    latencyMs: sent.latencyMs,
    timeToTerminalMs: truth.timeToTerminalMs,
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
