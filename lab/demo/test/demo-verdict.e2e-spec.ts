import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Stack } from '../../../local/stack/stack.js';
import { k6For } from '../../k6.js';
import type { DemoPlan, Load, PlannedJourney } from '../plan.js';
import { runDemo } from '../run-demo.js';

const load: Load = {
  rate: 60,
  spikeRate: 240,
  durationSeconds: 4,
  spikeStart: 1,
  spikeSeconds: 1,
  stock: 200,
};
/** Batches of one, so that even a small load contends. */
const competing = { workers: 4, batchSize: 1, load };
const control = {
  strategy: 'none',
  workers: 1,
  batchSize: 1,
  env: { WORKER_CONCURRENCY: '1' },
  load: { ...load, rate: 10, spikeRate: 10, stock: 20 },
};
const journey: PlannedJourney = {
  strategy: 'redis-setnx',
  workers: 4,
  batchSize: 1,
  rate: 60,
  durationSeconds: 14,
  reservationTtlSeconds: 1,
  stock: 100,
};
const alwaysGranted = {
  NODE_OPTIONS: `--import=${new URL('../../test/always-granted.mjs', import.meta.url).href}`,
};

let stack: Stack;
let directory: string;
beforeAll(async () => {
  const services = {
    redisUrl: inject('redisUrl'),
    databaseUrl: inject('databaseUrl'),
    stop: async () => undefined,
  };
  stack = new Stack(services);
  await stack.migrate();
  await stack.startApis(1);
  directory = await mkdtemp(join(tmpdir(), 'demo-'));
});
afterAll(async () => {
  await stack.stop();
  await rm(directory, { recursive: true });
});

async function judge(runs: DemoPlan['runs'], planned?: PlannedJourney) {
  const plan = { apiReplicas: 1, runs, journey: planned };
  const { summary } = await runDemo(stack, plan, { k6: await k6For(stack), directory });
  return summary;
}

it('a lock that is always granted is a FAIL', async () => {
  // A worker settles one order at a time under it: only requests that follow closely meet in two of them.
  const dense = { ...load, rate: 300, spikeRate: 900, stock: 1_000 };
  const broken = { ...competing, strategy: 'redis-setnx', env: alwaysGranted, load: dense };
  const { verdict, runs } = await judge([control, { ...competing, strategy: 'none' }, broken]);
  expect(runs[2]).toMatchObject({ conserved: false });
  expect(runs[2]!.lostUpdates).toBeGreaterThan(0);
  expect(verdict).toBe('FAIL');
}, 120_000);

it('so it is on the journey alone', async () => {
  const { verdict, journey: broken } = await judge([], { ...journey, env: alwaysGranted });
  expect(broken!.lostUpdates).toBeGreaterThan(0);
  expect(verdict).toBe('FAIL');
}, 120_000);

it('the same runs with the lock as it is are a PASS', async () => {
  const runs = [control, { ...competing, strategy: 'none' }, { ...competing, strategy: 'redis-setnx' }];
  const { verdict, reasons, journey: sold } = await judge(runs, journey);
  expect({ verdict, reasons }).toEqual({
    verdict: 'PASS',
    reasons: [expect.any(String), expect.any(String)],
  });
  expect(sold).toMatchObject({ sold: 100, available: 0, held: 0, charged: 100, conserved: true });
  expect(sold!.walkedAway + sold!.declined).toBe(sold!.soldAgain);
}, 120_000);

it('a load that does not arrive is INCONCLUSIVE', async () => {
  // So many units that the buyers there are cannot exhaust them: nothing is proven.
  const plenty = { ...competing, load: { ...load, stock: 100_000 } };
  const { verdict } = await judge([
    control,
    { ...plenty, strategy: 'none' },
    { ...plenty, strategy: 'redis' },
  ]);
  expect(verdict).toBe('INCONCLUSIVE');
}, 120_000);
