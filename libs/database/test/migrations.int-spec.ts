import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { dataSourceOptions } from '../src/data-source.js';
import { migrate } from '../src/migrate.js';
import { Schema1763900000000 } from '../src/migrations/1763900000000-schema.js';

const name = `migrated_${randomUUID().replaceAll('-', '')}`;
const url = Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` }).href;
const options = (of = url) => dataSourceOptions({ url: of, poolSize: 1, applicationName: 'test' });
const saleId = randomUUID();

let server: DataSource;
let database: DataSource;
beforeAll(async () => {
  server = await new DataSource(options(inject('databaseUrl'))).initialize();
  await server.query(`CREATE DATABASE ${name}`);
  database = await new DataSource({ ...options(), migrations: [Schema1763900000000] }).initialize();
  await database.runMigrations();
  await database.query(`INSERT INTO sales (id, name, strategy) VALUES ($1, 'old', 'redis')`, [saleId]);
  await database.query(`INSERT INTO stock (sale_id, sku, initial, available) VALUES ($1, 'hot', 5, 3)`, [
    saleId,
  ]);
  await database.query(
    `INSERT INTO stock_movements (sale_id, sku, units, before, after) VALUES ($1, 'hot', 2, 5, 3)`,
    [saleId],
  );
});
afterAll(async () => {
  await database.destroy();
  await server.query(`DROP DATABASE ${name}`);
  await server.destroy();
});

it('makes what was there the one stripe of its SKU', async () => {
  await migrate(url);
  expect(await database.query('SELECT stripes FROM sales')).toEqual([{ stripes: 1 }]);
  expect(await database.query('SELECT stripe, available FROM stock')).toEqual([{ stripe: 0, available: 3 }]);
  expect(await database.query('SELECT stripe, version FROM stock_movements')).toEqual([
    { stripe: 0, version: null },
  ]);
});

it('leaves the orders of older sales their ids, and gives each new sale a namespace of its own', async () => {
  const newer = [randomUUID(), randomUUID()];
  for (const id of newer)
    await database.query(`INSERT INTO sales (id, name, strategy) VALUES ($1, 'new', 'redis')`, [id]);
  const rows = await database.query<{ id: string; order_namespace: string }[]>(
    'SELECT id, order_namespace FROM sales',
  );
  const namespaces = new Map(rows.map((row) => [row.id, row.order_namespace]));
  expect(namespaces.get(saleId)).toBe('5b1c54d6-2f0b-4d8e-9a55-0d5b8f1f6f0e');
  expect(new Set(namespaces.values()).size).toBe(3);
  await database.query('DELETE FROM sales WHERE id = ANY ($1)', [newer]);
});

it('puts the stripes of a SKU together again when it is undone', async () => {
  await database.query(
    `INSERT INTO stock (sale_id, sku, stripe, initial, available) VALUES ($1, 'hot', 1, 4, 2), ($1, 'hot', 2, 4, 4)`,
    [saleId],
  );
  const migrated = await new DataSource(options()).initialize();
  const there = () => database.query<unknown[]>(`SELECT FROM migrations WHERE name LIKE 'Stripes%'`);
  while ((await there()).length > 0) await migrated.undoLastMigration(); // those that came later first
  await migrated.destroy();
  expect(await database.query('SELECT sku, initial, available FROM stock')).toEqual([
    { sku: 'hot', initial: 13, available: 9 },
  ]);
});
