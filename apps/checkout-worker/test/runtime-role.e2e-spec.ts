import { migrate } from '@app/database';
import { ServerUnusableError } from '@app/servers';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';

const name = `least_${randomUUID().replaceAll('-', '')}`;
const owner = new pg.Pool({ connectionString: inject('databaseUrl') });
/** Of the database of this test, as its owner or as the role of API and workers. */
const urlOf = (credentials: object = {}) =>
  Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}`, ...credentials }).href;
const runtime = urlOf({ username: name, password: "it's a secret" });

beforeAll(async () => {
  await owner.query(`CREATE DATABASE ${name}`);
});
afterAll(async () => {
  await owner.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await owner.query(`DROP ROLE ${name}`);
  await owner.end();
});

it('says which role is missing', async () => {
  const migrating = migrate(urlOf(), undefined, { name: 'nobody "at" all' });
  await expect(migrating).rejects.toThrow(ServerUnusableError);
  await expect(migrating).rejects.toThrow('names nobody "at" all, and Postgres has no such role');
});

it('sells, is paid and audited under a role that may only read and write rows', async () => {
  await migrate(urlOf(), undefined, { name, password: 'first' });
  await migrate(urlOf(), undefined, { name, password: "it's a secret" });
  await migrate(urlOf(), undefined, { name });
  const servers = { redisUrl: inject('redisUrl'), databaseUrl: runtime };
  const stack = new Stack({ ...servers, stop: async () => undefined });
  await stack.startApis(1);
  await stack.startWorkers(1);
  try {
    const shopper = new Shopper(stack);
    const saleId = await shopper.openSale('redis', 10, 1, { reservationTtlSeconds: 600, perBuyerLimit: 1 });
    const [paid, cancelled] = [await shopper.reserve(saleId), await shopper.reserve(saleId)];
    expect(await shopper.pay(paid, 'tok_visa')).toBe(200);
    await shopper.cancel(cancelled);
    await expect.poll(async () => (await shopper.order(cancelled)).status).toBe('cancelled');
    await shopper.stampede(saleId, 20);
    expect(await shopper.drained(saleId)).toMatchObject({ sold: 1, held: 9, available: 0, conserved: true });
  } finally {
    await stack.stop();
  }
}, 120_000);

it.each([
  'DROP TABLE orders',
  'ALTER TABLE stock ADD COLUMN mine text',
  'ALTER TABLE stock_movements DISABLE TRIGGER ALL',
  'TRUNCATE stock_movements',
  'CREATE TABLE mine (id int)',
  'CREATE INDEX mine ON orders (sku)',
  'DROP SCHEMA payment_provider CASCADE',
  'DELETE FROM migrations',
])('lets that role do no more: %s', async (sql) => {
  const client = new pg.Client({ connectionString: runtime });
  await client.connect();
  try {
    await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.end();
  }
});
