import { RestockReminders } from '@app/checkout-queue';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS } from '../src/http/problems/problem-codes.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

describe('health', () => {
  it('is alive and ready', async () => {
    await api.http.get('/health/live').expect(200);
    const { body } = await api.http.get('/health/ready').expect(200);
    expect(body).toMatchObject({ details: { postgres: { status: 'up' }, redis: { status: 'up' } } });
  });
});

describe('GET /metrics', () => {
  const metric = async (line: string) => {
    const { text } = await api.http
      .get('/metrics')
      .expect(200)
      .expect('content-type', /^text\/plain/);
    const found = text.split('\n').find((each) => each.startsWith(`${line} `));
    return Number(found?.slice(line.length) ?? Number.NaN);
  };

  it('counts checkouts by what became of them, requests by route, and jobs by state', async () => {
    const { id } = await api.sale();
    const same = { key: 'k', body: { buyerId: 'b' } };
    await api.checkout(id, same).expect(202);
    await api.checkout(id, same).expect(202);
    await api.checkout(id, { body: { sku: 'cold' } }).expect(problem('SKU_NOT_FOUND'));
    expect(await metric('checkouts_total{outcome="accepted"}')).toBe(1);
    expect(await metric('checkouts_total{outcome="replayed"}')).toBe(1);
    expect(await metric('checkouts_total{outcome="refused"}')).toBe(1);
    const route = 'method="POST",route="/sales/:saleId/checkouts"';
    expect(await metric(`http_request_duration_seconds_count{${route},status="202"}`)).toBe(2);
    expect(await metric(`http_request_duration_seconds_count{${route},status="404"}`)).toBe(1);
    expect(await metric('queue_jobs{state="waiting"}')).toBeGreaterThanOrEqual(1);
    expect(await metric('queue_jobs{state="active"}')).toBeGreaterThanOrEqual(0);
    expect(await metric('queue_jobs{state="delayed"}')).toBeGreaterThanOrEqual(0);
    await api.app.get(RestockReminders).remind([randomUUID()], 60_000, { saleId: randomUUID(), sku: 'hot' });
    expect(await metric('release_jobs{state="delayed"}')).toBeGreaterThanOrEqual(1);
    expect(await metric('release_jobs{state="waiting"}')).toBeGreaterThanOrEqual(0);
    expect(await metric('process_cpu_seconds_total')).toBeGreaterThan(0);
  });

  it('keeps unknown URLs out of the labels', async () => {
    await api.http.get('/some/thing/42').expect(404);
    expect(await metric('http_request_duration_seconds_count{method="GET",route="none",status="404"}')).toBe(
      1,
    );
  });
});

describe('GET /queues', () => {
  const basic = (password: string) => `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;
  const board = (path = '', authorization = basic(ADMIN_KEY)) =>
    api.http.get(`/queues${path}`).set('authorization', authorization);

  it.each(['', '/api/queues', '/static/favicon.ico'])('is for admins only: %s', async (path) => {
    for (const authorization of ['', basic('wrong'), 'Basic', 'Bearer wrong', `Basic ${ADMIN_KEY}`]) {
      const { headers } = await board(path, authorization).expect(problem('ADMIN_KEY_REQUIRED'));
      expect(headers['www-authenticate']).toMatch(/^Basic /);
    }
  });

  it('shows the queue in a browser, and to whoever sends the bearer key', async () => {
    const { text } = await board().expect(200).expect('content-type', /html/);
    expect(text).toContain('Flash sale');
    const script = /src="([^"]+\.js)"/.exec(text)![1]!;
    await board(script.replace(/^.*static/, '/static')).expect(200);
    const { body } = await board('/api/queues', `Bearer ${ADMIN_KEY}`).expect(200);
    expect(body).toMatchObject({
      queues: [
        { name: 'checkouts', readOnlyMode: true },
        { name: 'releases', readOnlyMode: true },
      ],
    });
  });

  it('lets nobody take an order out of it', async () => {
    const { id } = await api.sale();
    await api.checkout(id).expect(202);
    const [job] = await api.queue.getWaiting();
    const { status } = await api.http
      .put(`/queues/api/queues/checkouts/${job!.id}/clean`)
      .set('authorization', basic(ADMIN_KEY));
    expect(status).toBe(405);
    expect(await api.queue.getJob(job!.id!)).toBeDefined();
  });
});

it('adds nothing to a job while nobody wants traces', async () => {
  const { id } = await api.sale();
  const { body } = await api.checkout(id).expect(202);
  const order = await api.admissions.find((body as { orderId: string }).orderId);
  expect(order).toMatchObject({ saleId: id });
  expect(order).not.toHaveProperty('traceparent');
});

describe('OpenAPI', () => {
  interface Operation {
    readonly responses: Record<
      string,
      { description?: string; content?: Record<string, { schema?: object }> }
    >;
    readonly requestBody?: unknown;
    readonly security?: object[];
  }
  interface Document {
    readonly paths: Record<string, Record<string, Operation>>;
    readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: object };
  }
  let document: Document;
  beforeAll(async () => {
    document = (await api.http.get('/docs-json').expect(200)).body as Document;
  });

  it('is there to be clicked', async () => {
    const { text } = await api.http.get('/docs').expect(200).expect('content-type', /html/);
    expect(text).toContain('swagger-ui');
    await api.http.get('/docs/swagger-ui-bundle.js').expect(200);
  });

  it('has every route of the contract, each with a schema for each answer', () => {
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual([
      'DELETE /dead-letters/{orderId}',
      'DELETE /orders/{orderId}',
      'DELETE /sales/{saleId}/waiting-room',
      'DELETE /webhooks/{webhookId}',
      'DELETE /webhooks/{webhookId}/dead-letters/{orderId}',
      'GET /actions',
      'GET /dead-letters',
      'GET /events',
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
      'GET /orders',
      'GET /orders/{orderId}',
      'GET /orders/{orderId}/events',
      'GET /sales',
      'GET /sales/{saleId}',
      'GET /sales/{saleId}/audit',
      'GET /sales/{saleId}/live',
      'GET /sales/{saleId}/orders',
      'GET /sales/{saleId}/orders/export',
      'GET /webhooks',
      'GET /webhooks/{webhookId}',
      'GET /webhooks/{webhookId}/dead-letters',
      'PATCH /sales/{saleId}',
      'POST /dead-letters/{orderId}/retry',
      'POST /orders/{orderId}/events-ticket',
      'POST /orders/{orderId}/payment',
      'POST /orders/{orderId}/refund',
      'POST /sales',
      'POST /sales/{saleId}/adjustments',
      'POST /sales/{saleId}/checkouts',
      'POST /sales/{saleId}/end',
      'POST /sales/{saleId}/pause',
      'POST /sales/{saleId}/resume',
      'POST /sales/{saleId}/waiting-room',
      'POST /webhooks',
      'POST /webhooks/{webhookId}/retry',
      'POST /webhooks/{webhookId}/secret',
    ]);
    for (const { responses } of Object.values(document.paths).flatMap(Object.values) as Operation[]) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const bodies = Object.values(content);
        const isEmpty = ['204', '304'].includes(status);
        expect(bodies.length === 0).toBe(isEmpty); // an export has one for each format
        for (const { schema } of bodies) expect(schema).toBeDefined();
      }
    }
  });

  it('has every reference resolved', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!);
  });

  it('says which calls need the admin key', () => {
    expect(document.components.securitySchemes).toHaveProperty('admin');
    expect(document.paths['/sales']!.post!.security).toEqual([{ admin: [] }]);
    expect(document.paths['/sales']!.get!.security).toBeUndefined();
  });

  it('knows the codes', () => {
    const everything = JSON.stringify(document);
    for (const code of Object.keys(PROBLEMS)) expect(everything).toContain(code);
    const { '409': conflict } = document.paths['/sales/{saleId}/checkouts']!.post!.responses;
    expect(conflict!.description).toContain('`SALE_ENDED`');
  });
});
