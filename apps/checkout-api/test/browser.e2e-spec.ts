import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openBrowser } from '../../../local/testing/browser.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';

const PATIENCE = 60_000;

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
}, 600_000);
afterAll(() => browser.close());

/** A site of its own origin, with an empty page. */
async function site(): Promise<{ origin: string; server: Server }> {
  const server = createServer((_, answer) =>
    answer.setHeader('content-type', 'text/html').end('<!doctype html>'),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
}

describe('a page of another origin', { timeout: PATIENCE }, () => {
  const sites: Server[] = [];
  let api: Api;
  let shop: Page;
  let stranger: Page;
  beforeAll(async () => {
    const [ours, theirs] = await Promise.all([site(), site()]);
    sites.push(ours.server, theirs.server);
    api = await Api.start({ CORS_ORIGINS: [ours.origin], RATE_LIMIT_PER_ADDRESS: 1_000 });
    [shop, stranger] = await Promise.all([browser.newPage(), browser.newPage()]);
    await Promise.all([shop.goto(ours.origin), stranger.goto(theirs.origin)]);
  }, PATIENCE);
  afterAll(async () => {
    await api.stop();
    for (const server of sites) server.close();
  });

  /** What a script of the page gets; it rejects if the browser keeps the answer from it. */
  const call = (page: Page, path: string, init: object = {}, at = api.url) =>
    page.evaluate(
      async ([url, options]) => {
        const response = await fetch(url, options);
        const text = await response.text();
        const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
        return { status: response.status, headers: Object.fromEntries(response.headers), body };
      },
      [`${at}${path}`, init] as const,
    ) as Promise<Answer>;

  const checkout = async () => {
    const { id } = await api.sale();
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };
    const body = JSON.stringify({ sku: 'hot', quantity: 1, buyerId: 'ann' });
    return call(shop, `/sales/${id}/checkouts`, { method: 'POST', headers, body });
  };

  it('reads, buys, and may see where the order is and what is left of its quota', async () => {
    expect((await call(shop, '/sales')).status).toBe(200);
    const { status, headers, body } = await checkout();
    expect(status).toBe(202);
    expect(headers.location).toBe(`/orders/${body.orderId as string}`);
    expect(headers.ratelimit).toMatch(/^"address";r=/);
  });

  it('cancels, and leaves a waiting room', async () => {
    const { body } = await checkout();
    const cancelled = await call(shop, `/orders/${body.orderId as string}`, { method: 'DELETE' });
    expect(cancelled.body.code).toBe('ORDER_NOT_CANCELLABLE'); // nobody has settled it
    const { id } = await api.sale({ waitingRoom: { places: 1, placeTtlSeconds: 60 } });
    const left = await call(shop, `/sales/${id}/waiting-room?buyerId=ann`, { method: 'DELETE' });
    expect(left.status).toBe(204);
  });

  /** What an `EventSource` of the shop's page is told first. */
  const firstEvent = (url: string) =>
    shop.evaluate(
      (events) =>
        new Promise<string>((resolve) => {
          const source = new EventSource(events);
          source.addEventListener('message', ({ data }) => (source.close(), resolve(data as string)));
          source.addEventListener('error', () => (source.close(), resolve('an error')));
        }),
      url,
    );

  it('follows an order', async () => {
    const { body } = await checkout();
    const first = await firstEvent(`${api.url}/orders/${body.orderId as string}/events`);
    expect(JSON.parse(first)).toMatchObject({ orderId: body.orderId, status: 'queued' });
  });

  it('follows the order of an authenticated buyer with a ticket', async () => {
    const CORS_ORIGINS = [new URL(shop.url()).origin];
    const strict = await Api.start({ BUYER_AUTH: 'secret', BUYER_JWT_SECRET: SECRET, CORS_ORIGINS });
    onTestFinished(() => strict.stop());
    const headers = { authorization: `Bearer ${await tokenOf('ann')}` };
    const { id } = await strict.sale();
    const buying = strict.checkout(id, { body: { buyerId: undefined } }).set(headers);
    const { orderId } = (await buying.expect(202)).body as { orderId: string };
    const events = `/orders/${orderId}/events`;
    const { body } = await call(shop, `${events}-ticket`, { method: 'POST', headers }, strict.url);
    const first = await firstEvent(`${strict.url}${events}?ticket=${body.ticket as string}`);
    expect(JSON.parse(first)).toMatchObject({ orderId, status: 'queued' });
  });

  it('is told what is wrong', async () => {
    expect((await call(shop, '/nope')).body.code).toBe('ROUTE_NOT_FOUND');
    const { body, headers } = await call(shop, '/orders/42', { method: 'POST' });
    expect(body.code).toBe('METHOD_NOT_ALLOWED');
    expect(headers.allow!.split(', ').sort()).toEqual(['DELETE', 'GET', 'HEAD']);
    expect((await call(shop, '/sales', { method: 'POST' })).body.code).toBe('ADMIN_KEY_REQUIRED');
  });

  it('does nothing unless its origin is named', async () => {
    await expect(call(stranger, '/sales')).rejects.toThrow('Failed to fetch');
    await expect(call(stranger, '/orders/42', { method: 'DELETE' })).rejects.toThrow('Failed to fetch');
  });

  it('has preflights answered with the methods of the path, and none where nothing is', async () => {
    const preflight = (path: string) =>
      api.http
        .options(path)
        .set({ origin: 'https://any.example', 'access-control-request-method': 'DELETE' });
    const methods = async (path: string) =>
      (await preflight(path).expect(204)).headers['access-control-allow-methods']!.split(', ').sort();
    expect(await methods('/orders/42')).toEqual(['DELETE', 'GET', 'HEAD']);
    expect(await methods('/sales?limit=1')).toEqual(['GET', 'HEAD', 'POST']);
    expect(await methods('/sales/42/checkouts')).toEqual(['POST']);
    await preflight('/nope').expect(problem('ROUTE_NOT_FOUND'));
    await api.http.options('/nope').expect(problem('ROUTE_NOT_FOUND'));
    await api.http.options('/orders/42').expect(problem('METHOD_NOT_ALLOWED'));
    await api.http
      .put('/orders/42')
      .expect(problem('METHOD_NOT_ALLOWED'))
      .expect('allow', /DELETE/);
    await api.http.get('/nope').expect(problem('ROUTE_NOT_FOUND'));
  });
});

describe('the board of the queues', { timeout: PATIENCE }, () => {
  let api: Api;
  beforeAll(async () => {
    api = await Api.start();
  });
  afterAll(() => api.stop());

  it.each(['/queues', '/queues/', '/queues/queue/checkouts', '/queues/queue/checkouts/'])(
    'shows at %s',
    async (path) => {
      const context = await browser.newContext({ httpCredentials: { username: 'any', password: ADMIN_KEY } });
      const page = await context.newPage();
      await page.goto(`${api.url}${path}`);
      await page.getByText('checkouts').first().waitFor({ timeout: PATIENCE });
      await context.close();
    },
  );

  it('is the only page that names its base, and lets nobody but this origin be it', async () => {
    const policyOf = async (path: string) =>
      (await api.http.get(path).auth('any', ADMIN_KEY)).headers['content-security-policy'];
    expect(await policyOf('/queues')).toContain("base-uri 'self'");
    for (const path of ['/docs', '/sales', '/queues-of-others'])
      expect(await policyOf(path)).toContain("base-uri 'none'");
  });
});
