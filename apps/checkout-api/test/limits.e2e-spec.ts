import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';

/** Longer than a test lasts, so that no window ends in the middle of one. */
const RATE_LIMIT_WINDOW_SECONDS = 3_600;

describe('rate limits', () => {
  let api: Api;
  let replica: Api;
  let saleId: string;
  beforeAll(async () => {
    const limits = { RATE_LIMIT_PER_BUYER: 3, RATE_LIMIT_PER_ADDRESS: 8, RATE_LIMIT_WINDOW_SECONDS };
    api = await Api.start({ ...limits, TRUSTED_PROXIES: 1 });
    replica = await Api.start({ ...limits, TRUSTED_PROXIES: 1 });
    saleId = (await api.sale()).id;
  });
  afterAll(async () => {
    await api.stop();
    await replica.stop();
  });

  /** Addresses of their own, so that the limits of one test are not those of another. */
  const address = () => `198.51.100.${Math.ceil(Math.random() * 250)}, ${randomUUID()}`;
  const buy = (buyerId: string, from: string, at = api) =>
    at.checkout(saleId, { body: { buyerId } }).set('x-forwarded-for', from);

  it('hold per buyer, over all replicas and addresses, and say what is left', async () => {
    const buyer = randomUUID();
    const { headers } = await buy(buyer, address()).expect(202);
    expect(headers['ratelimit-policy']).toBe('"buyer";q=3;w=3600, "address";q=8;w=3600');
    expect(headers.ratelimit).toMatch(/^"buyer";r=2;t=3600, "address";r=7;t=3600$/);
    await buy(buyer, address(), replica).expect(202);
    await buy(buyer, address()).expect(202);
    const refused = await buy(buyer, address(), replica).expect(problem('RATE_LIMITED'));
    expect(refused.headers.ratelimit).toMatch(/^"buyer";r=0/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_000);
    await buy(randomUUID(), address()).expect(202);
  });

  it('hold per address, whoever buys', async () => {
    const from = address();
    for (let i = 0; i < 8; i++) await buy(randomUUID(), from, i % 2 ? api : replica).expect(202);
    await buy(randomUUID(), from).expect(problem('RATE_LIMITED'));
    await buy(randomUUID(), address()).expect(202);
  });

  it('believe nobody about addresses but the proxies that are trusted', async () => {
    const direct = await Api.start({ RATE_LIMIT_PER_ADDRESS: 1, RATE_LIMIT_WINDOW_SECONDS });
    const { id } = await direct.sale();
    const statuses: number[] = [];
    for (let i = 0; i < 2; i++) {
      const { status } = await direct.checkout(id).set('x-forwarded-for', address());
      statuses.push(status);
    }
    expect(statuses.at(-1)).toBe(429);
    await direct.stop();
  });

  it('are no limits unless they are asked for', async () => {
    const free = await Api.start();
    const { id } = await free.sale();
    const { headers } = await free.checkout(id).expect(202);
    expect(headers.ratelimit).toBeUndefined();
    await free.stop();
  });
});

describe('headers for browsers', () => {
  let api: Api;
  beforeAll(async () => {
    api = await Api.start({ CORS_ORIGINS: ['https://shop.example'] });
  });
  afterAll(() => api.stop());

  it('let pages of the named origins call, and no others', async () => {
    const ask = (origin: string) =>
      api.http.options('/sales').set('origin', origin).set('access-control-request-method', 'GET');
    const { headers } = await ask('https://shop.example');
    expect(headers['access-control-allow-origin']).toBe('https://shop.example');
    expect((await ask('https://elsewhere.example')).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('keep pages out of frames and browsers from guessing types', async () => {
    const { headers } = await api.http.get('/sales').expect(200);
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});
