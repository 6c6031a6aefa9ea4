import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setInterval as every } from 'node:timers/promises';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startHaproxy } from '../../../local/services/haproxy.js';
import type { Service } from '../../../local/services/service.js';
import { provideHaproxy } from '../../../local/setup/haproxy.js';
import { Api } from './support/api.js';

const PER_ADDRESS = 5;
/** More than any time-out of the file. */
const PATIENCE = 60_000;

const missing = await provideHaproxy().then(
  () => '',
  ({ message }: Error) => message,
);
if (missing) process.emitWarning(`The tests of deploy/haproxy are left out.\n${missing}`);

let api: Api;
let balancer: Service;
beforeAll(async () => {
  if (missing) return;
  api = await Api.start({
    TRUSTED_PROXIES: 1,
    RATE_LIMIT_PER_ADDRESS: PER_ADDRESS,
    RATE_LIMIT_WINDOW_SECONDS: 3_600,
  });
  await api.redis.flushdb(); // what others of this address have used up
  balancer = await startHaproxy([api.url]);
}, PATIENCE);
afterAll(async () => {
  await balancer?.stop();
  await api?.stop();
});

/** A checkout from an address of this machine. */
async function buyFrom(address: string, saleId: string, headers: object): Promise<IncomingMessage> {
  const url = `${balancer.url}/sales/${saleId}/checkouts`;
  const call = httpRequest(url, {
    method: 'POST',
    localAddress: address,
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...headers },
  });
  call.end(JSON.stringify({ sku: 'hot', quantity: 1, buyerId: randomUUID() }));
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  answer.resume();
  return answer;
}

async function answerTo(address: string, path: string): Promise<IncomingMessage> {
  const call = httpRequest(`${balancer.url}${path}`, { localAddress: address, agent: false }).end();
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  return answer.resume();
}

/** What the load balancer answers to a request that trickles in. Newer ones read on for as long as somebody sends. */
async function trickle(head: string): Promise<string> {
  const { hostname, port } = new URL(balancer.url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.write(head);
  for await (const _ of every(500)) {
    if (answer !== '' || !socket.writable) break;
    socket.write('x');
  }
  socket.destroy();
  return answer;
}

describe.skipIf(missing)('the load balancer of deploy/haproxy', { timeout: PATIENCE }, () => {
  it('counts each address by itself, whatever a client says about its own', async () => {
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 100 }] });
    const claims = (i: number) =>
      [
        { 'x-forwarded-for': `198.51.100.${i}` },
        { 'X-Forwarded-For': [`198.51.100.${i}`, `203.0.113.${i}`] },
        { forwarded: `for=198.51.100.${i}` },
      ][i % 3]!;
    const statuses: number[] = [];
    for (let i = 0; i < 2 * PER_ADDRESS; i++)
      statuses.push((await buyFrom('127.0.0.2', id, claims(i))).statusCode!);
    expect(statuses.filter((status) => status === 202)).toHaveLength(PER_ADDRESS);
    expect(statuses.filter((status) => status === 429)).toHaveLength(PER_ADDRESS);
    expect((await buyFrom('127.0.0.3', id, {})).statusCode).toBe(202);
  });

  it.each([
    '/metrics',
    '/queues',
    '/queues/api/queues',
    '/health/ready',
    '/%6detrics',
    '/health/%72eady',
    '/metrics?x=1',
  ])('keeps %s to those inside', async (path) => {
    const { body, headers } = await request(balancer.url).get(path).expect(404);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });

  it.each([
    '//metrics',
    '/./metrics',
    '/METRICS',
    '/metrics%2f',
    'http://any.example/metrics',
    'http://any.example/%6detrics',
  ])('lets nobody come to it by %s', async (target) => {
    const { hostname, port } = new URL(balancer.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${target} HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 404 /);
  });

  it.each(['/', '/docs', '/sales', '/health/live', '/lb/health'])('answers at %s', async (path) => {
    const { status } = await request(balancer.url).get(path);
    expect([200, path === '/' ? 404 : 200]).toContain(status); // the dashboard has to be built
  });

  it('leaves half of its connections to others, whatever one address opens', async () => {
    const port = Number(new URL(balancer.url).port);
    const open = () => connect(port, '127.0.0.1').on('error', () => undefined);
    const sockets = Array.from({ length: 4_100 }, open);
    try {
      const refused = () => sockets.filter(({ closed }) => closed).length;
      await expect.poll(refused, { timeout: 9_000 }).toBeGreaterThanOrEqual(100);
      expect(refused()).toBeLessThan(200);
      expect((await answerTo('127.0.0.2', '/sales')).statusCode).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    const status = () => answerTo('127.0.0.1', '/sales').then(({ statusCode }) => statusCode, String);
    await expect.poll(status, { timeout: 9_000 }).toBe(200);
  });

  it('ends requests that trickle in, their headers and their bodies', async () => {
    const head = 'POST /sales HTTP/1.1\r\nHost: any.example\r\nContent-Type: application/json\r\n';
    const answers = await Promise.all([
      trickle(`${head}X-Slow: `),
      trickle(`${head}Content-Length: 10000\r\n\r\n{`),
      trickle(`${head}Transfer-Encoding: chunked\r\n\r\n2000\r\n{`),
    ]);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 /);
    for (const answer of answers.slice(1)) expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
  });
});

describe.skipIf(missing)('before a replica that dies with its requests', { timeout: PATIENCE }, () => {
  let dying: Server;
  let both: Service;
  let hits = 0;
  beforeAll(async () => {
    dying = createServer((asked, answer) => {
      if (asked.url === '/health/live') {
        answer.end();
        return;
      }
      hits++;
      asked.socket.destroy();
    });
    await once(dying.listen(0, '127.0.0.1'), 'listening');
    both = await startHaproxy([`http://127.0.0.1:${(dying.address() as AddressInfo).port}`, api.url]);
    // It may have checked only one of them yet.
    await vi.waitFor(() => request(both.url).get('/sales').expect(200), { timeout: PATIENCE });
  }, PATIENCE);
  afterAll(async () => {
    await both.stop();
    dying.close();
  });

  it('sends what can do nothing twice to another one', async () => {
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 100 }] });
    await api.redis.flushdb();
    for (let i = 0; i < PER_ADDRESS; i++) {
      const checkout = request(both.url).post(`/sales/${id}/checkouts`).set('idempotency-key', randomUUID());
      await checkout.send({ sku: 'hot', quantity: 1, buyerId: randomUUID() }).expect(202);
      await request(both.url).get(`/sales/${id}`).expect(200);
    }
    expect(hits).toBeGreaterThan(0);
  });

  it('says of all else that no answer came', async () => {
    const pay = () => request(both.url).post(`/orders/${randomUUID()}/payment`).send({ token: 'tok_visa' });
    const answers = await Promise.all(Array.from({ length: 10 }, async () => pay()));
    const lost = answers.filter(({ status }) => status !== 404);
    expect(lost.length).toBeGreaterThan(0);
    for (const { status, body, headers } of lost) {
      expect([status, (body as { code: string }).code]).toEqual([502, 'NO_API_ANSWER']);
      expect(headers['retry-after']).toBe('1');
    }
  });
});
