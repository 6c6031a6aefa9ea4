import { OwnDatabase, Spawned } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeHistory } from '../../../local/history/history.js';
import { mainOf } from '../../../local/setup/build.js';
import type { Stack } from '../../../local/stack/stack.js';
import { startedStack } from './support/started-stack.js';

/** Enough that a process can be killed while it writes or deletes them. */
const ORDERS = 20_000;
const SALES = 5;
const patient = { timeout: 20_000, interval: 1 };

let own: OwnDatabase;
let pool: pg.Pool;
let stack: Stack;
let directory: string;
let unused: string[];
const running: Spawned[] = [];
beforeAll(async () => {
  own = await OwnDatabase.create(inject('databaseUrl'));
  await writeHistory(own.url, { sales: SALES, skus: 1, orders: ORDERS });
  await own.run(
    `UPDATE orders SET status = 'paid', paid_at = accepted_at WHERE status = 'reserved'; DELETE FROM outbox`,
  );
  pool = new pg.Pool({ connectionString: own.url });
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
  stack = await startedStack({ DATABASE_URL: own.url }, { workers: 0 });
  unused = (await pool.query<{ id: string }>(`SELECT id FROM sales WHERE strategy = 'redis'`)).rows.map(
    ({ id }) => id,
  );
}, 120_000);
afterAll(async () => {
  for (const each of running) each.kill('SIGKILL');
  await stack.stop();
  await pool.end();
  await own.drop();
  await rm(directory, { recursive: true });
});

function retire(env: NodeJS.ProcessEnv = {}): Spawned {
  const settings = {
    RETENTION_DAYS: '30',
    ARCHIVE_DIR: directory,
    DATABASE_URL: own.url,
    REDIS_URL: inject('redisUrl'),
  };
  const spawned = new Spawned([mainOf('checkout-worker'), 'retire'], { ...settings, ...env }, '');
  running.push(spawned);
  return spawned;
}

async function endedSale(): Promise<string> {
  const saleId = unused.pop()!;
  await pool.query(`UPDATE sales SET ends_at = now() - interval '40 days' WHERE id = $1`, [saleId]);
  return saleId;
}

const get = async (path: string) => {
  const headers = { authorization: `Bearer ${stack.adminKey}` };
  const response = await fetch(`${stack.apiUrls[0]}${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const countOf = async (table: string, saleId: string) =>
  (await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE sale_id = $1`, [saleId]))
    .rows[0]!.n;

async function kill(spawned: Spawned): Promise<void> {
  spawned.kill('SIGKILL');
  expect(await spawned.ended).toBe('SIGKILL');
}

/** Nothing is lost, and nothing is there twice. */
async function expectRetired(saleId: string, before: unknown): Promise<void> {
  const next = retire();
  expect([await next.ended, next.output]).toEqual([0, next.output]);
  expect(await countOf('orders', saleId)).toBe(0);
  expect(await countOf('stock_movements', saleId)).toBe(0);
  const text = gunzipSync(await readFile(join(directory, saleId, 'orders.ndjson.gz'))).toString();
  const ids = text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { id: string }).id);
  expect(new Set(ids).size).toBe(ORDERS);
  expect(ids).toHaveLength(ORDERS);
  expect((await readdir(directory)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  const { body } = await get(`/sales/${saleId}/audit`);
  expect(body.total).toEqual(before);
}

describe('a process that is killed (SIGKILL)', () => {
  let saleId: string;
  let before: unknown;
  const partial = async () => (await readdir(directory)).find((name) => name.startsWith(`${saleId}.`));
  const filesOfPartial = async () => readdir(join(directory, (await partial()) ?? ''));
  const begin = async () => {
    saleId = await endedSale();
    before = (await get(`/sales/${saleId}/audit`)).body.total;
    expect(before).toMatchObject({ lostUpdates: 0, conserved: true, held: 0 });
  };

  it('while it writes files has deleted nothing; the next one archives anew', async () => {
    await begin();
    const killed = retire();
    await expect.poll(partial, patient).toBeDefined();
    await kill(killed);
    expect(await countOf('orders', saleId)).toBe(ORDERS);
    await expectRetired(saleId, before);
  }, 60_000);

  it('between its files and its commit has deleted nothing, too', async () => {
    await begin();
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM sales WHERE id = $1 FOR KEY SHARE', [saleId]); // it has to wait here
    const killed = retire();
    await expect.poll(filesOfPartial, patient).toContain('manifest.json');
    await kill(killed);
    await other.query('COMMIT');
    other.release();
    expect(await countOf('orders', saleId)).toBe(ORDERS);
    await expectRetired(saleId, before);
  }, 60_000);

  it('while it deletes is followed by one that goes on', async () => {
    await begin();
    const killed = retire();
    await expect.poll(() => countOf('orders', saleId), patient).toBeLessThan(ORDERS);
    await kill(killed);
    const left = await countOf('orders', saleId);
    expect(left).toBeGreaterThan(0);
    const { rows } = await pool.query<{ id: string; buyerId: string }>(
      'SELECT id, buyer_id AS "buyerId" FROM orders WHERE sale_id = $1 LIMIT 1',
      [saleId],
    );
    const { id, buyerId } = rows[0]!;
    await expect.poll(async () => (await get(`/orders/${id}`)).status, patient).toBe(404); // a replica remembers sales for a moment
    const listed = await get(`/orders?buyerId=${buyerId}&limit=100`);
    expect(listed.status).toBe(200);
    expect(listed.body).not.toContainEqual(expect.objectContaining({ orderId: id }));
    const { body } = await get(`/sales/${saleId}/audit`); // whole all the time
    expect(body.total).toEqual(before);
    await expectRetired(saleId, before);
  }, 60_000);
});

describe('an archived sale', () => {
  it('is answered by its last audit, and by a reason elsewhere', async () => {
    const { rows } = await pool.query<{ saleId: string }>(
      'SELECT sale_id AS "saleId" FROM archived_sales LIMIT 1',
    );
    const { saleId } = rows[0]!;
    expect(await get(`/sales/${saleId}/audit`)).toMatchObject({
      status: 200,
      body: { archivedAt: expect.any(String) as string },
    });
    for (const path of ['', '/orders', '/orders/export', '/live']) {
      const { status, body } = await get(`/sales/${saleId}${path}`);
      expect([path, status, body.code]).toEqual([path, 410, 'SALE_ARCHIVED']);
    }
    const response = await fetch(`${stack.apiUrls[0]}/sales/${saleId}/checkouts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ sku: 'sku-0', quantity: 1, buyerId: 'ann' }),
    });
    expect(response.status).toBe(410);
  });

  it('has no orders any more', async () => {
    const [saleId] = await readdir(directory);
    const text = gunzipSync(await readFile(join(directory, saleId!, 'orders.ndjson.gz'))).toString();
    const { id } = JSON.parse(text.split('\n')[0]!) as { id: string };
    const { status, body } = await get(`/orders/${id}`);
    expect([status, body.code]).toEqual([404, 'ORDER_NOT_FOUND']);
    expect(body.detail).toContain('archived');
  });
});

it('an export that is under way breaks off', async () => {
  const saleId = await endedSale();
  const url = `${stack.apiUrls[0]}/sales/${saleId}/orders/export?format=ndjson`;
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    request(url, { headers: { authorization: `Bearer ${stack.adminKey}` } }, resolve)
      .on('error', reject)
      .end(),
  );
  expect(response.statusCode).toBe(200); // and not a byte is read yet
  expect(await retire().ended).toBe(0);
  await expect(buffer(response)).rejects.toThrow('aborted');
}, 60_000);

it('says what is not configured', async () => {
  const refused = retire({ RETENTION_DAYS: '', ARCHIVE_DIR: undefined });
  expect(await refused.ended).toBe(1);
  expect(refused.output).toContain('RETENTION_DAYS');
  expect(refused.output).toContain('ARCHIVE_DIR is not set');
});
