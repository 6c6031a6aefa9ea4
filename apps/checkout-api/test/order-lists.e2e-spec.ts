import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { READ_POOL } from '../src/core/tokens.js';
import { listSql } from '../src/orders/order-list-sql.js';
import type { ListedOrder } from '../src/orders/order-list.schema.js';
import { ADMIN_KEY, Api, READ_KEY } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';
import type { Pool } from 'pg';
import type { Response } from 'supertest';

const ORDERS = 120_000;
const BUYERS = 1_000;
/** Other tests have buyers, too. */
const BUYER = `listed-${randomUUID()}`;

let api: Api;
let saleId: string;
beforeAll(async () => {
  api = await Api.start({
    BUYER_AUTH: 'secret',
    BUYER_JWT_SECRET: SECRET,
    ADMIN_KEYS: [{ name: 'grafana', scope: 'read', key: READ_KEY }],
  });
  const priced = { currency: 'EUR', items: [{ sku: 'hot', stock: 10, price: 1_250 }] };
  saleId = (await api.sale(priced)).id;
  await api.sale(priced).then(({ id }) => insertOrders(id, 20_000));
  await insertOrders(saleId, ORDERS);
  await api.database.query('ANALYZE orders');
}, 60_000);
afterAll(() => api.stop());

/** Most are rejected, as in a stampede; one in a thousand is paid. A second has ten of them. */
async function insertOrders(sale: string, count: number) {
  // In stretches, for a busy machine: a statement has eight seconds.
  for (let first = 0; first < count; first += 10_000)
    await api.database.query(
      `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, reason, idempotency_key, accepted_at)
       SELECT gen_random_uuid(), $1, 'hot', '${BUYER}-' || n % ${BUYERS}, 1 + n % 3, CASE WHEN n % 1000 = 0 THEN 'paid' ELSE 'rejected' END,
         CASE WHEN n % 1000 <> 0 THEN 'SOLD_OUT' END, n::text, timestamptz '2030-01-01' + n / 10 * interval '1 second'
       FROM generate_series($2::int, $2::int + 9999) AS n`,
      [sale, first],
    );
}

const list = (path: string, key = ADMIN_KEY) => api.http.get(path).set('authorization', `Bearer ${key}`);
const ofSale = (query = '') => list(`/sales/${saleId}/orders${query}`);
const orders = async (path: string, key?: string) =>
  (await list(path, key).expect(200)).body as ListedOrder[];

/** All pages, by the links from one to the next. */
async function allPages(path: string, key?: string): Promise<ListedOrder[]> {
  const found: ListedOrder[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const page: Response = await list(next, key).expect(200);
    found.push(...(page.body as ListedOrder[]));
    next = /^<(.*)>; rel="next"$/.exec(page.headers.link ?? '')?.[1];
  }
  return found;
}

describe('GET /sales/:saleId/orders', () => {
  it('has every order once, newest first, over all pages', async () => {
    const all = await allPages(`/sales/${saleId}/orders?limit=1000&from=2030-01-01T03:00:00Z`);
    expect(new Set(all.map(({ orderId }) => orderId)).size).toBe(ORDERS - 3 * 36_000);
    const times = all.map(({ acceptedAt }) => acceptedAt!);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('finds by buyer, status and time, and tells times and price', async () => {
    const { body } = await ofSale(`?status=paid&buyerId=${BUYER}-0&to=2030-01-01T00:05:00Z`).expect(200);
    expect(body).toMatchObject([
      { acceptedAt: '2030-01-01T00:03:20.000Z', quantity: 3 },
      {
        acceptedAt: '2030-01-01T00:01:40.000Z',
        quantity: 2,
        price: { unit: 1_250, total: 2_500, currency: 'EUR' },
      },
      { acceptedAt: '2030-01-01T00:00:00.000Z', quantity: 1, status: 'paid', buyerId: `${BUYER}-0`, saleId },
    ]);
    expect((await allPages(`/sales/${saleId}/orders?status=paid&limit=50`)).length).toBe(ORDERS / 1_000);
    expect(await orders(`/sales/${saleId}/orders?status=expired`)).toEqual([]);
    expect(await orders(`/sales/${randomUUID()}/orders`)).toEqual([]);
  });

  it('names what is wrong', async () => {
    for (const query of ['?status=queued', '?from=yesterday', '?limit=0', '?cursor=1'])
      await ofSale(query).expect(problem('VALIDATION_FAILED'));
    await ofSale(`?cursor=${randomUUID()}`).expect(problem('ORDER_NOT_FOUND'));
  });

  it('reads only what it shows, by indexes, whatever is asked for', async () => {
    const page = { statuses: ['paid', 'rejected', 'expired'], from: '-infinity', to: 'infinity', limit: 100 };
    const after = { acceptedAt: '2030-01-01 01:00:00+00', orderId: randomUUID() };
    for (const wanted of [
      { ...page, saleId },
      { ...page, saleId, after },
      { ...page, saleId, statuses: ['paid'], after },
      { ...page, saleId, from: '2030-01-01 01:00:00+00', to: '2030-01-01 01:00:10+00' },
      { ...page, saleId, buyerId: `${BUYER}-7` },
      { ...page, buyerId: `${BUYER}-7`, after },
      { ...page, buyerId: 'nobody' },
    ]) {
      const { text, values } = listSql(wanted);
      const { rows } = await api.database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
        values,
      );
      const read = scansOf(rows[0]!['QUERY PLAN'][0].Plan).filter(
        (plan) => plan['Relation Name'] === 'orders',
      );
      expect(read.length).toBeGreaterThan(0);
      for (const scan of read) {
        expect(scan['Node Type']).not.toBe('Seq Scan');
        const rowsRead = (scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)) * scan['Actual Loops'];
        expect([wanted, rowsRead <= 400]).toEqual([wanted, true]);
      }
    }
  });
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}
const scansOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(scansOf)];

describe('GET /orders', () => {
  it('shows a buyer its own orders of all sales, and no others', async () => {
    const token = await tokenOf(`${BUYER}-7`);
    const own = await allPages('/orders?limit=50', token);
    expect(own.length).toBe((ORDERS + 20_000) / BUYERS);
    expect(new Set(own.map(({ buyerId }) => buyerId))).toEqual(new Set([`${BUYER}-7`]));
    expect((await allPages(`/orders?limit=50&saleId=${saleId}`, token)).length).toBe(ORDERS / BUYERS);
    await list(`/orders?buyerId=${BUYER}-8`, token).expect(problem('BUYER_MISMATCH'));
    await api.http.get('/orders').expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it('shows an admin those of any buyer', async () => {
    expect(
      (await orders(`/orders?buyerId=${BUYER}-8&limit=5`, READ_KEY)).map(({ buyerId }) => buyerId),
    ).toEqual(Array(5).fill(`${BUYER}-8`));
    await list('/orders').expect(problem('VALIDATION_FAILED'));
  });
});

describe('GET /sales/:saleId/orders/export', () => {
  const lines = async (query: string) => {
    const { text } = await list(`/sales/${saleId}/orders/export${query}`, READ_KEY)
      .buffer(true)
      .parse((response, done) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => done(null, body));
      })
      .expect(200)
      .then(({ body, headers }) => ({ text: body as string, headers: headers as unknown }));
    return text.split('\n').slice(0, -1);
  };

  it('has every order once, as NDJSON', async () => {
    const all = (await lines('')).map((line) => JSON.parse(line) as ListedOrder);
    expect(new Set(all.map(({ orderId }) => orderId)).size).toBe(ORDERS);
    expect(all).toHaveLength(ORDERS);
    expect(await lines('?status=paid')).toHaveLength(ORDERS / 1_000);
    expect(await lines('?status=expired')).toEqual([]);
  });

  it('is CSV that a spreadsheet takes for data', async () => {
    const buyerId = '=HYPERLINK("x"),1';
    await api.database.query(
      `UPDATE orders SET buyer_id = $2 WHERE sale_id = $1 AND idempotency_key = '1000'`,
      [saleId, buyerId],
    );
    const all = await lines('?format=csv&status=paid');
    expect(all[0]).toMatch(/^orderId,saleId,sku,buyerId,quantity,status,.*,total,currency\r$/);
    expect(all).toHaveLength(1 + ORDERS / 1_000);
    expect(all.at(-2)).toContain(`,hot,"'=HYPERLINK(""x""),1",2,paid,,2030-01-01T00:01:40.000Z,`);
    expect(all.at(-2)).toMatch(/,2500,EUR\r$/);
    expect(await lines('?format=csv&status=expired')).toHaveLength(1);
  });

  it('reads no further than its client, keeps no connection meanwhile, and ends with it', async () => {
    const pool = api.app.get<Pool>(READ_POOL);
    const query = vi.spyOn(pool, 'query');
    const request = get(`${api.url}/sales/${saleId}/orders/export`, {
      headers: { authorization: `Bearer ${READ_KEY}` },
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    let before = -1;
    // Until nothing moves any more: what is on its way fills the sockets.
    while (query.mock.calls.length !== before) {
      before = query.mock.calls.length;
      await sleep(300);
    }
    expect(before).toBeLessThan(60);
    expect(pool.totalCount - pool.idleCount).toBe(0);
    request.destroy();
    await sleep(100);
    expect(query.mock.calls.length).toBeLessThanOrEqual(before + 1);
    query.mockRestore();
  });

  it('is for admins', async () => {
    const ask = (key: string) => list(`/sales/${saleId}/orders/export`, key);
    await ask(await tokenOf(`${BUYER}-7`)).expect(problem('ADMIN_KEY_REQUIRED'));
    await list(`/sales/${saleId}/orders`, await tokenOf(`${BUYER}-7`)).expect(problem('ADMIN_KEY_REQUIRED'));
  });
});
