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
    async (strategy) => {
      const saleId = await shopper.openSale(strategy, STOCK);
      const buying = shopper.stampede(saleId, CHECKOUTS);
      await someSold(saleId);
      const [victim] = stack.workers;
      await victim!.kill('SIGKILL');
      const accepted = await buying;
      await victim!.start();
      expect(await shopper.drained(saleId)).toMatchObject(SOUND);
      await allTerminal(accepted);
    },
    120_000,
  );

  it('of all workers at once, too', async () => {
    const saleId = await shopper.openSale('redis', STOCK);
    const buying = shopper.stampede(saleId, CHECKOUTS);
    await someSold(saleId);
    await Promise.all(stack.workers.map((worker) => worker.kill('SIGKILL')));
    const accepted = await buying;
    await Promise.all(stack.workers.map((worker) => worker.start()));
    expect(await shopper.drained(saleId)).toMatchObject(SOUND);
    await allTerminal(accepted);
  }, 120_000);

  it('of an API replica loses no accepted order', async () => {
    const saleId = await shopper.openSale('redis', STOCK);
    const buying = shopper.stampede(saleId, CHECKOUTS);
    await someSold(saleId);
    const [victim] = stack.apis;
    await victim!.kill('SIGKILL');
    const accepted = await buying;
    await victim!.start();
    expect(await shopper.drained(saleId)).toMatchObject(SOUND);
    await allTerminal(accepted);
  }, 120_000);
});

it('SIGTERM of a worker under load finishes or hands back what it holds', async () => {
  const saleId = await shopper.openSale('redis', STOCK);
  const buying = shopper.stampede(saleId, CHECKOUTS);
  await someSold(saleId);
  const [victim] = stack.workers;
  await victim!.stop();
  const accepted = await buying;
  await victim!.start();
  expect(await shopper.drained(saleId)).toMatchObject(SOUND);
  await allTerminal(accepted);
}, 120_000);

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
