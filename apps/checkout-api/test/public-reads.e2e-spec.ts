import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { SaleView } from '../src/sales/sale.schema.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Settler } from './support/settler.js';

let api: Api;
beforeAll(async () => {
  api = await Api.start({ READS_PER_SECOND_PER_ADDRESS: 0, READS_PER_SECOND: 0 });
});
afterAll(() => api.stop());

const get = (path: string) => api.http.get(path);

describe('public reads', () => {
  it('are kept for a second by whoever passes them on, and sent again only if they changed', async () => {
    const { id } = await api.sale();
    for (const path of [`/sales/${id}`, '/sales?limit=1']) {
      const { headers } = await get(path).expect(200);
      expect(headers['cache-control']).toBe('public, max-age=1');
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      const again = await get(path).set('if-none-match', `"other", W/${headers.etag}`).expect(304);
      expect(again.text).toBe('');
      expect(again.headers.etag).toBe(headers.etag);
      await get(path).set('if-none-match', '"other"').expect(200);
    }
  });

  it('tell what was sold within about a second', async () => {
    const { id } = await api.sale();
    const before = await get(`/sales/${id}`).expect(200);
    const settler = new Settler();
    onTestFinished(() => settler.stop());
    await api.checkout(id, { prefer: 'wait=10' }).expect(201);
    await vi.waitFor(
      async () => {
        const { body, headers } = await get(`/sales/${id}`).expect(200);
        expect((body as SaleView).items).toMatchObject([{ available: 4, held: 1 }]);
        expect(headers.etag).not.toBe(before.headers.etag);
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  it('are nothing that anybody else keeps, unless they are of a sale', async () => {
    const { id } = await api.sale();
    const { body } = await api.checkout(id).expect(202);
    const { orderId } = body as { orderId: string };
    for (const path of [`/orders/${orderId}`, `/sales/${randomUUID()}`, '/nope', '/health/live', '/metrics'])
      expect((await get(path)).headers['cache-control']).toBe('no-store');
  });

  it('count the orders of a sale once for all who ask', async () => {
    const { id } = await api.sale();
    const reader = new pg.Client(inject('databaseUrl'));
    await reader.connect();
    onTestFinished(() => reader.end());
    // Whoever reads waits for this lock, so that all ask before the first is answered.
    await reader.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const reads = Array.from({ length: 200 }, () => get(`/sales/${id}`).expect(200));
    const answers = Promise.all(reads);
    await vi.waitFor(async () => expect(await waiting(reader)).toBe(1));
    await sleep(200);
    expect(await waiting(reader)).toBe(1);
    await reader.query('ROLLBACK');
    await answers;
  });
});

const WAITING = `SELECT count(*)::int AS waiting FROM pg_stat_activity
  WHERE application_name = 'checkout-api-reads' AND wait_event_type = 'Lock' AND datname = current_database()`;
const waiting = async (client: pg.Client) =>
  (await client.query<{ waiting: number }>(WAITING)).rows[0]!.waiting;

describe('pages of sales', () => {
  it('follow each other to the last sale, each sale once', async () => {
    const opened: string[] = [];
    for (let i = 0; i < 5; i++) opened.push((await api.sale()).id);
    const seen: string[] = [];
    let next: string | undefined = '/sales?limit=2';
    while (next && !opened.every((id) => seen.includes(id))) {
      const page: Response = await get(next).expect(200);
      seen.push(...(page.body as SaleView[]).map(({ id }) => id));
      next = /^<([^>]+)>; rel="next"$/.exec(page.headers.link ?? '')?.[1];
    }
    expect(seen.slice(0, 5)).toEqual(opened.toReversed());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('end with a page that names no other', async () => {
    const { headers } = await get('/sales?limit=1000').expect(200);
    expect(headers.link).toBeUndefined();
  });

  it('begin behind a sale that there is', async () => {
    await get('/sales?cursor=x').expect(problem('VALIDATION_FAILED'));
    await get(`/sales?cursor=${randomUUID()}`).expect(problem('SALE_NOT_FOUND'));
  });
});

describe('readers who do not stop', () => {
  const paced = async (config: Parameters<typeof Api.start>[0]) => {
    const started = await Api.start(config);
    onTestFinished(() => started.stop());
    return started;
  };
  const flood = (of: Api, path: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => of.http.get(path)));

  it('wait for their turn, and are refused beyond a second of it', async () => {
    const slow = await paced({ READS_PER_SECOND_PER_ADDRESS: 10 });
    const answers = await flood(slow, '/sales?limit=1', 40);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThanOrEqual(15);
    for (const answer of refused) {
      problem('RATE_LIMITED')(answer);
      expect(answer.headers).toMatchObject({
        'retry-after': '1',
        'ratelimit-policy': '"reads";q=10;w=1',
        ratelimit: '"reads";r=0;t=1',
      });
    }
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(20);
  });

  it('pay for the sales that they ask for', async () => {
    const slow = await paced({ READS_PER_SECOND_PER_ADDRESS: 10 });
    const answers = await flood(slow, '/sales?limit=1000', 6);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(3);
  });

  it('are refused for what a replica serves all of them', async () => {
    const slow = await paced({ READS_PER_SECOND: 5 });
    const answers = await flood(slow, '/sales?limit=1', 30);
    const refused = answers.find(({ status }) => status !== 200);
    problem('READS_OVERLOADED')(refused!);
  });

  it('wait for their own order as well', async () => {
    const slow = await paced({ ORDER_READS_PER_SECOND: 10 });
    const { orderId } = (await slow.checkout((await slow.sale()).id).expect(202)).body as { orderId: string };
    const answers = await flood(slow, `/orders/${orderId}`, 40);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThanOrEqual(15);
    for (const answer of refused) problem('RATE_LIMITED')(answer);
  });

  it('wait for refusals too', async () => {
    const slow = await paced({ REFUSALS_PER_SECOND_PER_ADDRESS: 10 });
    const began = performance.now();
    const answers = await flood(slow, `/sales/${randomUUID()}/audit`, 20);
    expect(performance.now() - began).toBeGreaterThan(900);
    for (const answer of answers) problem('ADMIN_KEY_REQUIRED')(answer);
  });

  it('are never admins', async () => {
    const slow = await paced({ READS_PER_SECOND_PER_ADDRESS: 1, READS_PER_SECOND: 1 });
    const asAdmin = () => slow.http.get('/sales?limit=1').set('authorization', `Bearer ${ADMIN_KEY}`);
    const answers = await Promise.all(Array.from({ length: 20 }, asAdmin));
    for (const { status } of answers) expect(status).toBe(200);
  });
});
