import { poolOf } from '@app/database';
import { Payments, SimulatedProvider } from '@app/payments';
import { orderOf, Shop } from '@app/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TestServers } from './support/workers.js';

/** The database of somebody who wants all of its transactions stricter than they need to be. */
const name = `strict_${randomUUID().replaceAll('-', '')}`;
const server = new pg.Client(inject('databaseUrl'));
const url = new URL(inject('databaseUrl'));
url.pathname = name;
const servers = new TestServers({ databaseUrl: url.href });
const { worker, safe } = servers;
let shops: Shop[];
beforeAll(async () => {
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  await server.query(`ALTER DATABASE ${name} SET default_transaction_isolation = 'repeatable read'`);
  shops = [await servers.openShop(), await servers.openShop()];
});
afterAll(async () => {
  await servers.close();
  await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await server.end();
});

describe.each(safe.flatMap((strategy) => [null, 3].map((limit) => ({ strategy, limit }))))(
  '$strategy, limit: $limit',
  ({ strategy, limit }) => {
    it('sells to the last unit, with no order refused', async () => {
      const sale = await shops[0]!.sale({ hot: 100 }, strategy, limit);
      const workers = shops.map((shop) => worker(shop, 4));
      const orders = Array.from({ length: 120 }, () => orderOf(sale.id));
      const outcomes = await Promise.all(orders.map((order, i) => workers[i % 2]!.reserve(order, sale)));
      expect(outcomes.filter(({ status }) => status === 'reserved')).toHaveLength(100);
      const total = await shops[0]!.totalOf(sale);
      expect(total).toMatchObject({ held: 100, oversold: 0, lostUpdates: 0, conserved: true });
    });
  },
);

it('pays each order once, whoever else pays it at the same moment', async () => {
  const sale = await shops[0]!.sale({ hot: 100 }, 'conditional-update', null, 1, 3_600);
  const reservations = worker(shops[0]!, 64);
  const orders = Array.from({ length: 100 }, () => orderOf(sale.id));
  await Promise.all(orders.map((order) => reservations.reserve(order, sale)));
  const tills = shops.map((shop) => {
    const pool = poolOf(shop.dataSource);
    return new Payments(pool, new SimulatedProvider(pool), 5_000);
  });
  const paying = orders.map(({ orderId }) =>
    Promise.all(tills.flatMap((till) => [till.pay(orderId, 'tok_visa'), till.pay(orderId, 'tok_other')])),
  );
  await Promise.all(paying);
  const total = await shops[0]!.totalOf(sale);
  expect(total).toMatchObject({ sold: 100, held: 0, conserved: true });
});
