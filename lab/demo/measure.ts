import type { K6Summary } from '../k6.js';
import { rounded, roundedAll } from '../statistics/percentiles.js';
import { readSaleTruth, type SaleTruth } from '../truth/sale-truth.js';
import { requestsOf, type PlannedRun } from './plan.js';
import { agrees, sell, type Measuring } from './sell.js';
import { extendTo, thinOut } from './series.js';
import { roleOf, type RunFigures, type RunResult } from './summary.js';

/** What the audit must show for k6's own thresholds; the verdict is not taken from them. */
const expectations = { 'negative control': 'safe', 'lock-off': 'oversold', 'lock-on': 'safe' };

/** One run: fresh workers, a new sale, the load, and once the queue has drained the truth. */
export async function measure(measuring: Measuring, run: PlannedRun): Promise<RunResult> {
  const { load } = run;
  const folder = `${roleOf(run)}-${run.strategy}`.replaceAll(' ', '-');
  const sent = await sendLoad(measuring, run, folder);
  const truth = await readSaleTruth(measuring.database, sent.saleId, load.stock);
  const figures = figuresOf(run, measuring.stack.apiUrls.length, sent, truth);
  return {
    figures,
    plannedRequests: requestsOf(load),
    endedOrders: truth.endedOrders,
    unexpectedAnswers: sent.unexpected,
    auditAgrees: agrees(sent.audit, figures),
    series: extendTo(load.durationSeconds, thinOut(truth.series)),
    dashboard: `${folder}/k6.html`,
  };
}

function sendLoad(measuring: Measuring, run: PlannedRun, folder: string): Promise<K6Summary> {
  const { strategy, load } = run;
  const role = roleOf(run);
  return sell(measuring, run, {
    run: `${role}: ${strategy}`,
    folder,
    stock: load.stock,
    script: 'flash-sale.ts',
    env: {
      EXPECT: expectations[role],
      RATE: load.rate,
      DURATION: load.durationSeconds,
      SPIKE_RATE: load.spikeRate,
      SPIKE_START: load.spikeStart,
      SPIKE_DURATION: load.spikeSeconds,
    },
  });
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
