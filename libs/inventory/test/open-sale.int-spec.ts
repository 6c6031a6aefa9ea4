import { migrate } from '@app/database';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openSale } from '../src/index.js';

const name = `sales_${randomUUID().replaceAll('-', '')}`;
const admin = new pg.Pool({ connectionString: inject('databaseUrl') });
const { href } = Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` });
const pool = new pg.Pool({ connectionString: href, max: 1 });

beforeAll(async () => {
  await admin.query(`CREATE DATABASE ${name}`);
  await migrate(href);
});
afterAll(async () => {
  await pool.end();
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
});

const open = () =>
  openSale(pool, { name: 'test', strategy: 'redis', stripes: 2, items: [{ sku: 'hot', stock: 3 }] });

it('leaves a connection that takes no writes, and no half of a sale behind', async () => {
  // Of sessions that begin from then on, so that one which is kept goes on refusing.
  await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await expect(open()).rejects.toMatchObject({ code: '25006' });
  await admin.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  const saleId = await open();
  const { rows } = await pool.query('SELECT sale_id, available FROM stock ORDER BY stripe');
  expect(rows).toEqual([2, 1].map((available) => ({ sale_id: saleId, available })));
});
