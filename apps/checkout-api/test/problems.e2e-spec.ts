import { keysOf } from '@app/checkout-queue';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { SalesService } from '../src/sales/sales.service.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';

const keys = keysOf();

let api: Api;
let saleId: string;
beforeAll(async () => {
  api = await Api.start();
  saleId = (await api.sale()).id;
});
afterAll(() => api.stop());

const checkouts = () => api.http.post(`/sales/${saleId}/checkouts`).set('idempotency-key', 'k');

describe('every error is a problem document', () => {
  it.each(['{"sku":', '', '[1', '{"__proto__": {"sku": "hot"}}'])('malformed JSON: %s', async (body) => {
    await checkouts().type('application/json').send(body).expect(problem('MALFORMED_JSON'));
  });

  it.each(['null', '[]', '"x"', '1'])('JSON that is no object: %s', async (body) => {
    await checkouts().type('application/json').send(body).expect(problem('VALIDATION_FAILED'));
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data'])(
    'a body of type %s',
    async (type) => {
      await checkouts().set('content-type', type).send('sku=hot').expect(problem('UNSUPPORTED_MEDIA_TYPE'));
    },
  );

  it('no body', async () => {
    await checkouts().expect(problem('VALIDATION_FAILED'));
  });

  it('a body that is too large', async () => {
    await checkouts()
      .send({ sku: 'x'.repeat(17_000) })
      .expect(problem('BODY_TOO_LARGE'));
    const sale = { name: 'x'.repeat(140_000) };
    await api.openSale(sale).expect(problem('BODY_TOO_LARGE'));
    await api.openSale({ name: 'x'.repeat(100_000) }).expect(problem('VALIDATION_FAILED'));
  });

  it.each(['/', '/nope', '/sales/', '/payments', `/sales/42/nope`, '/sales//audit'])(
    'no route: GET %s',
    async (path) => {
      await api.http.get(path).expect(problem('ROUTE_NOT_FOUND'));
    },
  );

  it.each([
    ['put', '/sales', 'GET, HEAD, POST'],
    ['put', '/orders/42', 'DELETE, GET, HEAD'],
    ['get', '/orders/42/payment', 'POST'],
    ['get', '/sales/42/checkouts', 'POST'],
    ['patch', '/sales/42/audit?x=1', 'GET, HEAD'],
    ['post', '/health/live', 'GET, HEAD'],
  ] as const)('no such method: %s %s', async (method, path, allow) => {
    const { headers } = await api.http[method](path).expect(problem('METHOD_NOT_ALLOWED'));
    expect(headers.allow?.split(', ').sort()).toEqual(allow.split(', ').sort());
  });

  it('a URL that cannot be decoded', async () => {
    await api.http.get('/sales/%zz').expect(problem('MALFORMED_REQUEST'));
    await api.http.get('/%zz').expect(problem('MALFORMED_REQUEST'));
  });

  it('a URL that is too long', async () => {
    await api.http.get(`/sales/${'x'.repeat(200)}`).expect(problem('URL_TOO_LONG'));
  });

  it('headers that are too large', async () => {
    await api.http.get('/sales').set('x-large', 'x'.repeat(20_000)).expect(problem('HEADERS_TOO_LARGE'));
  });

  it('what is not HTTP at all', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write('HELLO\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"MALFORMED_REQUEST"');
  });

  it('what nobody foresaw, without telling what it was', async () => {
    vi.spyOn(api.app.get(SalesService), 'newest').mockRejectedValueOnce(new Error('secret'));
    const { text: body } = await api.http.get('/sales').expect(problem('INTERNAL'));
    expect(body).not.toContain('secret');
  });

  it('what nobody foresaw of a checkout, and the log has its cause and its order', async () => {
    const { id } = await api.sale();
    const redis = new Redis(inject('redisUrl'));
    await redis.set(keys.pending(id, 'hot'), 'not a set');
    redis.disconnect();
    const logged = vi.spyOn(Logger.prototype, 'error');
    const { body } = await api.checkout(id, { key: 'k', body: { buyerId: 'b' } }).expect(problem('INTERNAL'));
    expect(logged).toHaveBeenCalledTimes(1);
    const [line] = logged.mock.calls[0]! as unknown as [{ err: Error; orderId: string; requestId: string }];
    expect(line.orderId).toBe(await api.orderIdOf(id, 'b', 'k'));
    expect(line.err.message).toMatch(/^WRONGTYPE/);
    expect((body as { detail: string }).detail).toContain(line.requestId);
    logged.mockRestore();
  });

  it('for HEAD as well, without its body', async () => {
    const { headers, status } = await api.http.head('/sales?limit=0');
    expect(status).toBe(400);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  });
});

it('does not tell a wrong admin key from the right one by its length', async () => {
  for (const key of ['x', ADMIN_KEY.slice(1), `${ADMIN_KEY}x`]) {
    await api.http
      .post('/sales')
      .set('authorization', `Bearer ${key}`)
      .send({})
      .expect(problem('ADMIN_KEY_REQUIRED'));
  }
});
