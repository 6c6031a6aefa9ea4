import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { Rival } from './support/rival.js';
import { startedStack } from './support/started-stack.js';

const SOUND = { pending: 0, oversold: 0, undersold: 0, lostUpdates: 0, conserved: true };
/** Three times as many orders of a SKU as two workers have in hand. */
const BEHIND = 1_536;
const DUE = 24;
/** Far less than a stuck lock is waited for, and far more than a healthy sale needs. */
const SOON_MS = 5_000;

let stack: Stack;
let shopper: Shopper;
const rival = new Rival();
beforeAll(async () => {
  stack = await startedStack({ SWEEP_INTERVAL_MS: '300' }, { workers: 2 });
  shopper = new Shopper(stack);
});
afterAll(async () => {
  await rival.stop();
  await stack.stop();
});

const within = { timeout: SOON_MS, interval: 10 };
const soon = (orderId: string, status: string) =>
  expect.poll(async () => (await shopper.order(orderId)).status, within).toBe(status);

/** Checkouts of the sale, one after the other. Each must be settled soon. */
async function buys(saleId: string, count: number): Promise<string[]> {
  const orderIds: string[] = [];
  while (orderIds.length < count) {
    const orderId = await shopper.checkout(saleId, randomUUID());
    await soon(orderId!, 'reserved');
    orderIds.push(orderId!);
  }
  return orderIds;
}

it.each(['redis-setnx', 'redis', 'postgres-advisory'] as const)(
  'settles the checkouts of other sales while one sale is stuck behind its lock, and its own after that (%s)',
  async (strategy) => {
    const stuckSale = await shopper.openSale(strategy, BEHIND);
    const healthy = await shopper.openSale(strategy, 1_000);
    await rival.holds(strategy, stuckSale, async () => {
      expect(await shopper.stampede(stuckSale, BEHIND)).toHaveLength(BEHIND);
      await buys(healthy, 50);
      await expect.poll(() => metric('skus_standing_still{what="orders"}'), within).toBe(1);
    });
    expect(await shopper.drained(stuckSale)).toMatchObject({ ...SOUND, held: BEHIND, available: 0 });
    expect(await shopper.drained(healthy)).toMatchObject({ ...SOUND, held: 50 });
  },
  60_000,
);

it('ends the reservations of other sales in time while those of one are stuck behind its lock, and these after that', async () => {
  const rules = { reservationTtlSeconds: 2 };
  const stuckSale = await shopper.openSale('redis-setnx', DUE, 1, rules);
  const unpaid = await shopper.openSale('redis-setnx', 20, 1, rules);
  const cancelled = await shopper.openSale('redis-setnx', 20);
  const due = await shopper.stampede(stuckSale, DUE);
  await Promise.all(due.map(({ orderId }) => soon(orderId, 'reserved')));
  await rival.holds('redis-setnx', stuckSale, async () => {
    await expect.poll(() => metric('reservations_overdue'), within).toBeGreaterThanOrEqual(DUE); // sweeps have them in hand, too
    for (const orderId of await buys(cancelled, 10)) {
      await shopper.cancel(orderId);
      await soon(orderId, 'cancelled');
    }
    const orderIds = await buys(unpaid, 5);
    await rival.redis.del('bull:releases:delayed'); // from here on only sweeps know what is due
    for (const orderId of orderIds) await soon(orderId, 'expired');
    expect((await shopper.drained(stuckSale)).held).toBe(DUE);
  });
  await expect
    .poll(() => shopper.drained(stuckSale), { timeout: 20_000 })
    .toMatchObject({ ...SOUND, held: 0, available: DUE });
}, 60_000);

/** The largest value that a worker tells. */
async function metric(name: string): Promise<number> {
  const texts = await Promise.all(
    stack.workers.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith(`${name} `));
  return Math.max(...lines.map((line) => Number(line.slice(name.length))));
}
