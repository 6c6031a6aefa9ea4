import { Locks, type LockBackends } from '@app/lock';
import { Shop } from '@app/testing';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { commands, holds } from './support/commands.js';
import { Model } from './support/model.js';
import { Till } from './support/till.js';

const HOUR = 3_600;
const STOCK = 7;

let shop: Shop;
const redis = new Redis(inject('redisUrl'));
const backends: LockBackends = { redis, postgres: inject('databaseUrl') };
const locks = new Locks(backends);
beforeAll(async () => (shop = await Shop.open(inject('databaseUrl'))));
afterAll(async () => {
  await Promise.all([locks.close(), shop.close(), redis.quit()]);
});

it.each([
  ['redis', 1],
  ['redis', 3],
  ['postgres-advisory', 1],
  ['row-lock', 1],
  ['optimistic', 3],
  ['serializable', 1],
  ['skip-locked', 1],
  ['conditional-update', 1],
] as const)(
  'whatever buyers, clocks, crashes and the provider do: no unit and no money gets lost (%s, stripes: %d)',
  async (strategy, stripes) => {
    const journey = async (given: Iterable<fc.AsyncCommand<Model, Till>>) => {
      const sale = await shop.sale({ hot: STOCK }, strategy, null, stripes, HOUR);
      const model = new Model(STOCK);
      const till = new Till(shop, sale, locks);
      await fc.asyncModelRun(() => ({ model, real: till }), given);
      await endsWell(model, till);
    };
    await fc.assert(fc.asyncProperty(commands, journey), { numRuns: 12 });
  },
  120_000,
);

/** Once all reservations are over and all payments finished, there is money for what is paid, and for nothing else. */
async function endsWell(model: Model, till: Till) {
  for (const each of model.orders) if (each.status === 'reserved') each.due ??= 'expired';
  await shop.makeDue(model.orders.filter(({ due }) => due === 'expired').map(({ order }) => order));
  await till.restock(model.orders.map(({ order }) => order));
  model.restock();
  for (let times = 0; times < 2; times++) {
    await till.resume(); // finds what is over, then gives its money back
    model.resume();
  }
  await holds(model, till);
  const paid = model.orders.filter(({ status }) => status === 'paid');
  expect(await till.money()).toEqual(new Map(paid.map(({ order }) => [order.orderId, order.quantity])));
  expect(await till.total()).toMatchObject({ held: 0, conserved: true });
}
