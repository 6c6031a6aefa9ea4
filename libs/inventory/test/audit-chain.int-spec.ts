import { poolOf } from '@app/database';
import { OwnDatabase, orderOf, type Shop } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { carryOut, requestAdjustment, type Sale, type StrategyName } from '../src/index.js';
import { SOUND, TestServers } from './support/workers.js';

let own: OwnDatabase;
let servers: TestServers;
let shops: [Shop, Shop];
beforeAll(async () => {
  own = await OwnDatabase.create(inject('databaseUrl'));
  // Ids go down, the worst that the nodes of a distributed database can do by each drawing ids of its own.
  await own.run(
    `ALTER TABLE stock_movements ALTER COLUMN id SET INCREMENT -1 SET MINVALUE -1000000 SET MAXVALUE 0 SET START 0 RESTART`,
  );
  servers = new TestServers({ databaseUrl: own.url });
  shops = [await servers.openShop(), await servers.openShop()];
});
afterAll(async () => {
  await servers.close();
  await own.drop();
});

/** The SQL has the sale as `$1`. */
const query = (sql: string, { id }: Sale) => shops[0].dataSource.query<unknown[]>(sql, [id]);
const totalOf = (sale: Sale) => shops[0].totalOf(sale);

/** Two processes move units in turn: they sell 12, put 4 of them back, add 6 for an admin, and sell 30 in batches. */
async function busySale(strategy: StrategyName, stripes = 1): Promise<Sale> {
  const sale = await shops[0].sale({ hot: 50 }, strategy, null, stripes);
  const orders = Array.from({ length: 42 }, () => orderOf(sale.id));
  const alone = shops.map((shop) => servers.worker(shop, 1));
  for (const [i, order] of orders.slice(0, 12).entries()) await alone[i % 2]!.reserve(order, sale);
  await shops[0].makeDue(orders.slice(0, 4));
  for (const [i, order] of orders.slice(0, 4).entries()) await alone[i % 2]!.restock(order, sale);
  const change = { saleId: sale.id, sku: 'hot', units: 6, idempotencyKey: randomUUID(), admin: 'ann' };
  const adjustment = (await requestAdjustment(poolOf(shops[0].dataSource), change))!;
  await carryOut(servers.adjuster(shops[1]), adjustment, sale);
  const gathering = shops.map((shop) => servers.worker(shop, 8));
  await Promise.all(orders.slice(12).map((order, i) => gathering[i % 2]!.reserve(order, sale)));
  return sale;
}
const AFTERWARDS = { initial: 56, available: 18, held: 38 };

const DISORDER = `
  SELECT FROM stock_movements AS earlier JOIN stock_movements AS later USING (sale_id, sku, stripe)
  WHERE sale_id = $1 AND earlier.version < later.version AND earlier.id > later.id`;

const strategies = [
  'redis',
  'postgres-advisory',
  'row-lock',
  'optimistic',
  'serializable',
  'conditional-update',
] as const;
describe.each(strategies.flatMap((strategy) => [1, 4].map((stripes) => ({ strategy, stripes }))))(
  'ids that are not in the order of commits ($strategy, stripes: $stripes)',
  ({ strategy, stripes }) => {
    it('break no chain, whoever moved the units', async () => {
      const sale = await busySale(strategy, stripes);
      expect(await query(DISORDER, sale)).not.toEqual([]);
      expect(
        await query('SELECT id FROM stock_movements WHERE sale_id = $1 AND version IS NULL', sale),
      ).toEqual([]);
      expect(await totalOf(sale)).toMatchObject({ ...AFTERWARDS, ...SOUND });
    });
  },
);

/** Takes a movement away without a trace in what the others found and left: only its version is missing. */
const without = (version: string) => `
  WITH chosen AS (
    SELECT ${version} AS version FROM stock_movements WHERE sale_id = $1
  ), gone AS (
    DELETE FROM stock_movements USING chosen WHERE sale_id = $1 AND stock_movements.version = chosen.version
    RETURNING units, chosen.version
  ), later AS (
    UPDATE stock_movements AS other SET before = other.before + gone.units, after = other.after + gone.units
    FROM gone WHERE sale_id = $1 AND other.version > gone.version
  )
  UPDATE stock SET available = available + units FROM gone WHERE sale_id = $1`;

describe('a chain is broken once', () => {
  it.each([
    ['where it begins too late', without('min(version)')],
    ['by a gap', without('min(version) + 3')],
    ['where it ends before its row', without('max(version)')],
    ['where nothing is left of it', 'DELETE FROM stock_movements WHERE sale_id = $1'],
    [
      'by a version that is there twice',
      `INSERT INTO stock_movements (sale_id, sku, version, units, before, after)
       SELECT sale_id, sku, version, units, before, after FROM stock_movements WHERE sale_id = $1 AND version = 3`,
    ],
    [
      'by a row that was written without a movement',
      'UPDATE stock SET available = available - 1 WHERE sale_id = $1',
    ],
  ])('%s', async (_, breakIt) => {
    const sale = await busySale('redis');
    await query(breakIt, sale);
    expect((await totalOf(sale)).lostUpdates).toBe(1);
  });
});

describe('where a worker from before versions has moved units', () => {
  const OLDER = 'UPDATE stock_movements SET version = NULL WHERE sale_id = $1 AND version % 3 = 0';
  beforeAll(async () => {
    await own.run(
      'ALTER TABLE stock_movements ALTER COLUMN id SET INCREMENT 1 SET MAXVALUE 1000000 SET START 1 RESTART',
    );
  });

  it.each([1, 4])('ids place what has no version (stripes: %d)', async (stripes) => {
    const sale = await busySale('redis', stripes);
    await query(OLDER, sale);
    expect(await totalOf(sale)).toMatchObject({ ...AFTERWARDS, ...SOUND });
  });

  it('a break is found, and a gap between two that have versions', async () => {
    const sale = await busySale('redis');
    await query(OLDER, sale);
    await query('UPDATE stock_movements SET before = 0 WHERE sale_id = $1 AND version = 4', sale);
    expect((await totalOf(sale)).lostUpdates).toBe(1);
    await query('UPDATE stock_movements SET version = version + 1 WHERE sale_id = $1 AND version > 7', sale);
    expect((await totalOf(sale)).lostUpdates).toBe(2);
  });
});
