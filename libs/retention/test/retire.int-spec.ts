import { DeadLetters, keysOf } from '@app/checkout-queue';
import { archivedSale, audit, requestAdjustment } from '@app/inventory';
import { Payments, PROVIDERS } from '@app/payments';
import { oneShard } from '@app/servers';
import { OwnDatabase } from '@app/testing';
import { Redis } from 'ioredis';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { writeHistory } from '../../../local/history/history.js';
import { Archive } from '../src/archive-files.js';
import { retire } from '../src/index.js';

const DAYS = 30;
/** Of each sale 120 orders. */
const HISTORY = { sales: 20, skus: 3, orders: 40 };
const TABLES = ['orders', 'stock_movements', 'stock_adjustments', 'stock', 'sales'];

let own: OwnDatabase;
let pool: pg.Pool;
let redis: Redis;
let directory: string;
let unused: string[];
let saleId: string;
const lines: object[] = [];
const log = {
  info: (fields: object) => void lines.push(fields),
  warn: (fields: object) => void lines.push(fields),
};

beforeAll(async () => {
  own = await OwnDatabase.create(inject('databaseUrl'));
  await writeHistory(own.url, HISTORY);
  // Whatever was reserved was paid in the end, and all events were told.
  await own.run(
    `UPDATE orders SET status = 'paid', paid_at = accepted_at WHERE status = 'reserved'; DELETE FROM outbox`,
  );
  pool = new pg.Pool({ connectionString: own.url });
  redis = new Redis(inject('redisUrl'));
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
  const { rows } = await pool.query<{ id: string }>(`SELECT id FROM sales WHERE strategy = 'redis'`);
  unused = rows.map(({ id }) => id);
});
beforeEach(async () => {
  saleId = unused.pop()!;
  await end(saleId);
});
afterAll(async () => {
  redis.disconnect();
  await pool.end();
  await own.drop();
  await rm(directory, { recursive: true });
});

const end = (id: string, daysAgo = DAYS + 1) =>
  pool.query(`UPDATE sales SET ends_at = now() - make_interval(days => $2) WHERE id = $1`, [id, daysAgo]);
const run = () => retire({ databaseUrl: own.url, shards: oneShard(redis), directory, days: DAYS, log });

/** Rows of the sale, in each table. */
async function rowsLeft(): Promise<Record<string, number>> {
  const counts = TABLES.map(async (table) => {
    const key = table === 'sales' ? 'id' : 'sale_id';
    const { rows } = await pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${table} WHERE ${key} = $1`,
      [saleId],
    );
    return [table, rows[0]!.n] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}
const WHOLE = { orders: 120, stock_movements: 132, stock_adjustments: 1, stock: 3, sales: 1 };
const NOTHING = { orders: 0, stock_movements: 0, stock_adjustments: 0, stock: 0, sales: 0 };

async function archived<Row>(table: string): Promise<Row[]> {
  const text = gunzipSync(await readFile(join(directory, saleId, `${table}.ndjson.gz`))).toString();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

const orderWith = async (status: string): Promise<string> => {
  const { rows } = await pool.query<{ id: string }>(
    'SELECT id FROM orders WHERE sale_id = $1 AND status = $2 LIMIT 1',
    [saleId, status],
  );
  return rows[0]!.id;
};

it('puts a sale that ended long ago into files, and deletes it', async () => {
  const before = await audit(pool, saleId);
  const { rows: orders } = await pool.query<object>(
    'SELECT to_json(orders) AS json FROM orders WHERE sale_id = $1 ORDER BY accepted_at, id',
    [saleId],
  );
  const { rows: payments } = await pool.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM payments JOIN orders ON orders.id = order_id WHERE sale_id = $1',
    [saleId],
  );
  expect(await run()).toEqual({ archived: 1, pruned: 1, failed: 0 });

  expect(await rowsLeft()).toEqual(NOTHING);
  expect((await archivedSale(pool, saleId))?.audit).toEqual(before);
  expect(before.total).toMatchObject({ lostUpdates: 0, conserved: true });
  expect(await archived('orders')).toEqual((orders as { json: object }[]).map(({ json }) => json));
  expect(await archived('movements')).toHaveLength(WHOLE.stock_movements);
  expect(await archived('payments')).toHaveLength(payments[0]!.n);
  expect(await archived('adjustments')).toHaveLength(1);
  const events = await archived<{ type: string }>('events');
  const ofType = (type: string) => events.filter((event) => event.type === type).length;
  expect(
    ['reserved', 'rejected', 'paid', 'expired', 'cancelled'].map((type) => ofType(`order.${type}`)),
  ).toEqual([108, 12, 84, 12, 12]);
});

it('names every file with its rows and checksum', async () => {
  await run();
  const manifest = JSON.parse(await readFile(join(directory, saleId, 'manifest.json'), 'utf8')) as {
    files: { name: string; rows: number; sha256: string }[];
    audit: object;
    sale: { id: string };
    stock: object[];
  };
  expect(manifest).toMatchObject({
    format: 1,
    sale: { id: saleId },
    audit: (await archivedSale(pool, saleId))!.audit,
  });
  expect(manifest.stock).toHaveLength(3);
  expect((await readdir(join(directory, saleId))).sort()).toEqual(
    [...manifest.files.map(({ name }) => name), 'manifest.json'].sort(),
  );
  for (const { name, rows, sha256 } of manifest.files) {
    const content = await readFile(join(directory, saleId, name));
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    expect(await archived(name.split('.')[0]!)).toHaveLength(rows);
  }
});

it('leaves sales that are open, or ended lately', async () => {
  await end(saleId, DAYS - 1);
  expect(await run()).toEqual({ archived: 0, pruned: 0, failed: 0 });
  expect(await rowsLeft()).toEqual(WHOLE);
});

it('does nothing the second time, nor beside another process', async () => {
  const both = await Promise.all([run(), run()]);
  expect(both.filter((retired) => retired === undefined)).toHaveLength(1);
  expect(await run()).toEqual({ archived: 0, pruned: 0, failed: 0 });
});

describe('a sale stays while it has', () => {
  const hindrances: Record<string, () => Promise<() => Promise<unknown>>> = {
    'reserved orders': async () => {
      const id = await orderWith('paid');
      await pool.query(`UPDATE orders SET status = 'reserved' WHERE id = $1`, [id]);
      return () => pool.query(`UPDATE orders SET status = 'paid' WHERE id = $1`, [id]);
    },
    'units that are to come back': async () => {
      const id = await orderWith('paid');
      await pool.query(`UPDATE orders SET status = 'refunded', restock = true WHERE id = $1`, [id]);
      return () => pool.query(`UPDATE orders SET restocked_at = now() WHERE id = $1`, [id]);
    },
    'unfinished payments': async () => {
      const id = await orderWith('paid');
      await pool.query(`UPDATE payments SET status = 'refunding' WHERE order_id = $1`, [id]);
      return () => pool.query(`UPDATE payments SET status = 'refunded' WHERE order_id = $1`, [id]);
    },
    'pending adjustments': async () => {
      await requestAdjustment(pool, {
        saleId,
        sku: 'sku-0',
        units: 1,
        idempotencyKey: randomUUID(),
        admin: 'ann',
      });
      return () => pool.query(`UPDATE stock_adjustments SET status = 'refused' WHERE sale_id = $1`, [saleId]);
    },
    'events that are kept for the feed or a webhook': async () => {
      await pool.query(
        `INSERT INTO outbox (kind, order_ids, at) VALUES ('paid', '{}', now() - interval '3 days')`,
      );
      return () => pool.query('DELETE FROM outbox');
    },
    'queued orders': async () => {
      const key = keysOf().pending(saleId, 'sku-1');
      await redis.sadd(key, randomUUID());
      return () => redis.del(key);
    },
    'dead letters': async () => {
      const letters = new DeadLetters(oneShard(redis));
      const order = { orderId: randomUUID(), saleId, sku: 'sku-0' };
      await letters.keepRestock(order, new Error('refused'));
      return () => letters.drop(order.orderId);
    },
  };

  it.each(Object.keys(hindrances))('%s', async (name) => {
    const mend = await hindrances[name]!();
    expect(await run()).toEqual({ archived: 0, pruned: 0, failed: 0 });
    expect(lines.at(-1)).toMatchObject({ saleId, has: [name] });
    expect((await rowsLeft()).orders).toBe(WHOLE.orders);
    await mend();
    expect(await run()).toEqual({ archived: 1, pruned: 1, failed: 0 });
  });

  it('events that a webhook refused', async () => {
    const webhook = randomUUID();
    await pool.query(
      `INSERT INTO webhooks (id, url, secrets, position) VALUES ($1, 'https://hooks.example/', '{s}', 0)`,
      [webhook],
    );
    const values = [webhook, await orderWith('paid')];
    await pool.query(`INSERT INTO held_events VALUES ($1, $2, '[]', 1, now(), true)`, values);
    expect(await run()).toEqual({ archived: 0, pruned: 0, failed: 0 });
    await pool.query('DELETE FROM webhooks');
    expect(await run()).toEqual({ archived: 1, pruned: 1, failed: 0 });
  });
});

/** Of the attempt that is under way. */
async function filesOfPartial(): Promise<string[]> {
  const partial = (await readdir(directory)).find((name) => name.startsWith(`${saleId}.`));
  return partial === undefined ? [] : readdir(join(directory, partial));
}

it('an attempt that goes on after it has lost its turn harms no archive', async () => {
  const written = async function* () {
    yield await Promise.resolve(['{}']);
  };
  const lost = new Archive(directory, saleId);
  await lost.begin();
  await lost.write('orders', written());
  expect(await run()).toEqual({ archived: 1, pruned: 1, failed: 0 });
  await expect(lost.complete({})).rejects.toThrow('ENOENT');
  await lost.discard();
  expect(await archived('orders')).toHaveLength(WHOLE.orders);
  expect((await readdir(directory)).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

it('an archive that has no name yet gets it before anything is deleted', async () => {
  await run();
  await pool.query('UPDATE archived_sales SET pruned_at = NULL WHERE sale_id = $1', [saleId]);
  await rename(join(directory, saleId), join(directory, `${saleId}.${randomUUID()}.partial`));
  expect(await run()).toEqual({ archived: 0, pruned: 1, failed: 0 });
  expect(await archived('orders')).toHaveLength(WHOLE.orders);
});

it('notices what an admin changes while the files are written', async () => {
  const payments = new Payments(pool, PROVIDERS.simulated(pool), 1_000);
  const refunded = await orderWith('paid');
  const admin = await pool.connect();
  await admin.query('BEGIN');
  await admin.query('SELECT FROM sales WHERE id = $1 FOR KEY SHARE', [saleId]);
  const running = run();
  await expect.poll(filesOfPartial, { timeout: 10_000 }).toContain('manifest.json'); // complete; now it waits
  expect(await payments.refund(refunded, { restock: false, admin: 'ann' })).toBe(true);
  await admin.query('COMMIT');
  admin.release();
  expect(await running).toEqual({ archived: 0, pruned: 0, failed: 0 });
  expect(await rowsLeft()).toEqual(WHOLE);
  expect((await readdir(directory)).filter((name) => name.startsWith(saleId))).toEqual([]); // no archive of what lives on
  await pool.query('DELETE FROM outbox');

  expect(await run()).toEqual({ archived: 1, pruned: 1, failed: 0 });
  expect(await archived<{ id: string }>('orders')).toContainEqual(
    expect.objectContaining({ id: refunded, status: 'refunded' }),
  );
  expect(await payments.refund(refunded, { restock: true, admin: 'ann' })).toBe(false);
  const adjustment = { saleId, sku: 'sku-0', units: 1, idempotencyKey: randomUUID(), admin: 'ann' };
  expect(await requestAdjustment(pool, adjustment)).toBeUndefined();
});

it('deletes nothing whose archive is gone or was changed, and goes on with other sales', async () => {
  await run();
  await pool.query('UPDATE archived_sales SET pruned_at = NULL WHERE sale_id = $1', [saleId]);
  await pool.query(
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at)
     VALUES (gen_random_uuid(), $1, 'sku-0', 'ann', 1, 'paid', 'key', now())`,
    [saleId],
  );
  await writeFile(join(directory, saleId, 'orders.ndjson.gz'), '');
  const other = unused.pop()!;
  await end(other);
  expect(await run()).toEqual({ archived: 1, pruned: 1, failed: 1 });
  expect((await rowsLeft()).orders).toBe(1);
  await pool.query('UPDATE archived_sales SET pruned_at = now()');
});
