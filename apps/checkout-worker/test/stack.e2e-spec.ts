import { STRATEGY_NAMES, strategyOf } from '@app/inventory';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Stack } from '../../../tools/stack/stack.js';
import { Shopper } from './shopper.js';

const STOCK = 500;
const CHECKOUTS = 2_000;
const SOUND = { held: STOCK, pending: 0, oversold: 0, undersold: 0, lostUpdates: 0, conserved: true };
/** Short, so that what a killed worker held is free again soon. */
const QUICK_RECOVERY = { LOCK_TTL_MS: '2000', SETNX_TTL_MS: '2000', JOB_LOCK_MS: '2000' };

type Victim = Stack['workers'][number];

let stack: Stack;
let shopper: Shopper;
beforeAll(async () => {
  const services = {
    redisUrl: inject('redisUrl'),
    databaseUrl: inject('databaseUrl'),
    stop: async () => undefined,
  };
  stack = new Stack(services, QUICK_RECOVERY);
  await stack.migrate();
  await stack.startApis(2);
  await stack.startWorkers(4);
  shopper = new Shopper(stack);
});
afterAll(() => stack.stop());

describe('four workers, 2,000 checkouts, 500 units', () => {
  it('none oversells', async () => {
    const saleId = await shopper.openSale('none', STOCK);
    await shopper.stampede(saleId, CHECKOUTS);
    const total = await shopper.drained(saleId);
    expect(total.oversold).toBeGreaterThan(0);
    expect(total.lostUpdates).toBeGreaterThan(0);
  }, 60_000);

  it('local-mutex oversells: each worker has a mutex of its own', async () => {
    const saleId = await shopper.openSale('local-mutex', STOCK);
    await shopper.stampede(saleId, CHECKOUTS);
    expect((await shopper.drained(saleId)).oversold).toBeGreaterThan(0);
  }, 60_000);

  const safe = STRATEGY_NAMES.filter((name) => strategyOf(name).safe);
  it.each(safe)(
    '%s sells exactly 500',
    async (strategy) => {
      const saleId = await shopper.openSale(strategy, STOCK);
      const accepted = await shopper.stampede(saleId, CHECKOUTS);
      expect(await shopper.drained(saleId)).toMatchObject(SOUND);
      expect(new Set(accepted.map(({ orderId }) => orderId)).size).toBe(accepted.length);
    },
    120_000,
  );
});

describe('SIGKILL under load', () => {
  it.each(['redis', 'redis-setnx', 'row-lock', 'optimistic', 'conditional-update'])(
    'of a worker loses no order and doubles none (%s)',
    (strategy) => survives(strategy, stack.workers.slice(0, 1), (worker) => worker.kill('SIGKILL')),
    120_000,
  );

  it('of all workers at once, too', () => {
    return survives('redis', stack.workers, (worker) => worker.kill('SIGKILL'));
  }, 120_000);

  it('of an API replica loses no accepted order', () => {
    return survives('redis', stack.apis.slice(0, 1), (api) => api.kill('SIGKILL'));
  }, 120_000);
});

it('SIGTERM of a worker under load finishes or hands back what it holds', () => {
  return survives('redis', stack.workers.slice(0, 1), (worker) => worker.stop());
}, 120_000);

/** The fault hits the victims in the middle of a stampede; they are started again once every buyer has an answer. */
async function survives(
  strategy: string,
  victims: Stack['workers'],
  fault: (victim: Victim) => Promise<void>,
) {
  const saleId = await shopper.openSale(strategy, STOCK);
  const buying = shopper.stampede(saleId, CHECKOUTS);
  await someSold(saleId);
  await Promise.all(victims.map(fault));
  const accepted = await buying;
  await Promise.all(victims.map((victim) => victim.start()));
  expect(await shopper.drained(saleId)).toMatchObject(SOUND);
  await allTerminal(accepted);
}

/** The stampede is under way: the fault hits workers that have their hands full. */
async function someSold(saleId: string) {
  for (let tries = 0; tries < 600; tries++) {
    const response = await fetch(`${stack.apiUrls[1]}/sales/${saleId}/audit`);
    const { total } = (await response.json()) as { total: { held: number } };
    if (total.held > 20) return;
    await sleep(10);
  }
  throw new Error('nothing was sold within six seconds');
}

async function allTerminal(accepted: readonly { orderId: string }[]) {
  expect(accepted.length).toBeGreaterThan(0);
  const statuses = await Promise.all(accepted.map(({ orderId }) => shopper.order(orderId)));
  expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(['reserved', 'rejected']));
}
