import { migrate } from '@app/database';
import { EXIT } from '@app/process';
import { Spawned, TcpProxy } from '@app/testing';
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterEach, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { mainOf } from '../../../local/setup/build.js';
import { LABORATORY } from '../../../local/stack/laboratory.js';
import type { SaleView } from '../src/sales/sale.schema.js';
import { ADMIN_KEY } from './support/api.js';
import { head, JSON_BODY, LIVE, RawClient } from './support/raw-client.js';

let api: Spawned;
let clients: RawClient[] = [];
beforeAll(() => migrate(inject('databaseUrl')));
afterEach(() => {
  api.kill('SIGKILL');
  for (const each of clients) each.leave();
  clients = [];
});

async function serve(more: NodeJS.ProcessEnv = {}): Promise<void> {
  const servers = { REDIS_URL: inject('redisUrl'), DATABASE_URL: inject('databaseUrl') };
  const env = { ...servers, ...LABORATORY, ADMIN_KEY, LOG_LEVEL: 'error', ...more };
  api = await Spawned.serving(mainOf('checkout-api'), env);
}

function client(sends: string): RawClient {
  const sender = RawClient.sends(api.url, sends);
  clients.push(sender);
  return sender;
}

async function openSale(): Promise<string> {
  const sale = { name: 'x', strategy: 'conditional-update', items: [{ sku: 'hot', stock: 1 }] };
  const opened = await request(api.url).post('/sales').auth(ADMIN_KEY, { type: 'bearer' }).send(sale);
  return (opened.body as SaleView).id;
}

describe('an API that is told to end', () => {
  it.each([
    ['says nothing', ''],
    ['has sent half of the headers', head('GET /sales', 'X-Half: ')],
    ['has sent half of a body', `${head('POST /sales', ...JSON_BODY)}\r\n\r\n{"name":`],
    ['has a second request half sent', `${LIVE}${head('GET /sales')}`],
  ])('ends though a client %s', async (_, sends) => {
    await serve();
    client(sends);
    const other = client(LIVE); // what was sent before has arrived then
    await other.hears('200 OK');
    api.kill('SIGTERM');
    expect(await api.ended).toBe(EXIT.ended);
  });

  it('ends though a client keeps its connection for the next request', async () => {
    await serve();
    await client(LIVE).hears('200 OK');
    api.kill('SIGTERM');
    expect(await api.ended).toBe(EXIT.ended);
  });

  it('ends though a client takes nothing of its answer', async () => {
    await serve();
    const items = Array.from({ length: 1_000 }, (_, i) => ({ sku: `${i}`.padStart(64, 'x'), stock: 1 }));
    for (let i = 0; i < 100; i++) {
      const sale = { name: 'x', strategy: 'conditional-update', items };
      await request(api.url).post('/sales').auth(ADMIN_KEY, { type: 'bearer' }).send(sale).expect(201);
    }
    const reader = client(`${head('GET /sales?limit=100')}\r\n\r\n`);
    await reader.hears('200 OK');
    reader.stopsReading();
    api.kill('SIGTERM');
    expect(await api.ended).toBe(EXIT.ended);
  });

  it('answers those who wait or follow, to the end of the answer, and keeps none of their connections', async () => {
    await serve();
    const saleId = await openSale();
    const checkouts = `/sales/${saleId}/checkouts`;
    const order = { sku: 'hot', quantity: 1, buyerId: 'b' };
    const key = randomUUID();
    const queued = await request(api.url).post(checkouts).set('idempotency-key', key).send(order).expect(202);
    const { orderId } = queued.body as { orderId: string };
    const follower = client(`${head(`GET /orders/${orderId}/events`)}\r\n\r\n`);
    await follower.hears('"status":"queued"');
    const body = JSON.stringify(order);
    const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Prefer: wait=30'];
    const waiter = client(
      `${head(`POST ${checkouts}`, `Idempotency-Key: ${key}`, ...headers)}\r\n\r\n${body}`,
    );
    await client(LIVE).hears('200 OK');
    api.kill('SIGTERM');
    expect(await api.ended).toBe(EXIT.ended);
    expect(waiter.text).toContain('202 Accepted');
    await vi.waitFor(() => expect([follower.ended, waiter.ended]).toEqual([true, true]));
    expect(follower.text).toMatch(/\r\n0\r\n\r\n$/);
  });

  it('leaves without an answer of a silent Postgres, and says so', async () => {
    const relay = await TcpProxy.before(inject('databaseUrl'));
    onTestFinished(() => relay.close());
    await serve({ DATABASE_URL: relay.leadingTo(inject('databaseUrl')), SHUTDOWN_TIMEOUT_MS: '2000' });
    relay.blackhole();
    client(`${head('GET /sales')}\r\n\r\n`);
    await client(LIVE).hears('200 OK');
    api.kill('SIGTERM');
    expect(await api.ended).toBe(EXIT.leftBehind);
    expect(api.output).toMatch(/ends without requests.*did not end in time/);
  });

  it('goes on with SIGTERM for as long as it is told to, and ends at once when it is told again', async () => {
    await serve({ SHUTDOWN_GRACE_MS: '60000' });
    api.kill('SIGTERM');
    await vi.waitFor(() => request(api.url).get('/health/ready').expect(503));
    await request(api.url).get('/sales').expect(200);
    api.kill('SIGTERM');
    expect(await api.ended).toBe(128 + 15);
  });
});
