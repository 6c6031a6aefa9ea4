import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Api } from './support/api.js';
import { head, JSON_BODY, RawClient } from './support/raw-client.js';

let api: Api;
let client: RawClient;
beforeAll(async () => {
  api = await Api.start({ REQUEST_TIMEOUT_MS: 1_000 });
});
afterEach(() => client.leave());
afterAll(() => api.stop());

const sends = (text: string) => (client = RawClient.sends(api.url, text));
const UPLOAD = `${head('POST /sales', ...JSON_BODY)}\r\n\r\n`;

describe('a request that does not arrive', () => {
  it.each([
    ['nothing at all', () => sends('')],
    ['half of the headers', () => sends(head('GET /sales', 'X-Half: '))],
    ['a byte of the headers now and then', () => sends(head('GET /sales', 'X-Slow: ')).drips('x')],
    ['half of a body', () => sends(`${UPLOAD}{"name":`)],
    ['a byte of a body now and then', () => sends(UPLOAD).drips(' ')],
  ])('is answered with 408 and loses its connection, if it sends %s', async (_, start) => {
    start();
    await vi.waitFor(() => expect(client.closed || client.ended).toBe(true), { timeout: 10_000 });
    const [headers, body] = client.text.split('\r\n\r\n');
    expect(headers).toMatch(/^HTTP\/1\.1 408 /);
    expect(headers).toMatch(/^content-type: application\/problem\+json$/im);
    expect(JSON.parse(body!)).toMatchObject({ status: 408, code: 'REQUEST_TIMEOUT' });
  });

  it('keeps no connection that its client goes on with', async () => {
    sends(UPLOAD).drips(' ');
    await vi.waitFor(() => expect(client.closed).toBe(true), { timeout: 10_000 });
  });
});

describe('a body that breaks off', () => {
  it.each([
    ['its client leaves', (slow: RawClient) => slow.leave()],
    ['its time is over', (slow: RawClient) => slow.drips(' ')],
  ])('is no error of the application, if %s', async (_, breakOff) => {
    const logged = vi.spyOn(Logger.prototype, 'error');
    const reading = new Promise((resolve) => api.app.getHttpServer().once('request', resolve));
    sends(`${UPLOAD}{"name":`);
    await reading;
    breakOff(client);
    await vi.waitFor(() => expect(client.closed).toBe(true), { timeout: 10_000 });
    await api.http.get('/health/live').expect(200); // by then it has come to an end there, too
    expect(logged).not.toHaveBeenCalled();
    logged.mockRestore();
  });
});

describe('a request that has arrived', () => {
  it('may take longer than that to be answered', async () => {
    const { id } = await api.sale();
    const { body } = await api.checkout(id, { prefer: 'wait=4' }).expect(202);
    const { orderId } = body as { orderId: string };
    sends(`${head(`GET /orders/${orderId}/events`)}\r\n\r\n`);
    await client.hears('"status":"queued"');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect([client.ended, client.closed]).toEqual([false, false]);
  });
});
