import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, Api } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
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

  it('count no request of a buyer who is known to have none left', async () => {
    const [buyer, from] = [randomUUID(), address()];
    for (let i = 0; i < 3; i++) await buy(buyer, from).expect(202);
    await buy(buyer, from).expect(problem('RATE_LIMITED'));
    for (let i = 0; i < 5; i++) {
      const { headers } = await buy(buyer, from).expect(problem('RATE_LIMITED'));
      expect(headers.ratelimit).toMatch(/^"buyer";r=0;t=\d+$/);
    }
    const { headers } = await buy(randomUUID(), from).expect(202);
    expect(headers.ratelimit).toMatch(/"address";r=3;/);
  });

  it('name the quota that is used up, and count no name that is refused', async () => {
    const from = address();
    const buyerId = 'x'.repeat(15_000);
    for (let i = 0; i < 8; i++) {
      const { headers } = await buy(buyerId, from).expect(problem('VALIDATION_FAILED'));
      expect(headers.ratelimit).toBe(`"address";r=${7 - i};t=3600`);
    }
    const { body } = await buy(buyerId, from).expect(problem('RATE_LIMITED'));
    expect(body).toMatchObject({ 'violated-policies': ['address'] });
    expect(await api.redis.keys('rate:*xxx*')).toEqual([]);
  });

  it('hold per network of IPv6, not per address of it', async () => {
    const network = `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}`;
    for (let i = 1; i <= 8; i++) await buy(randomUUID(), `${network}:${i}::${i}`).expect(202);
    await buy(randomUUID(), `${network}:9::`).expect(problem('RATE_LIMITED'));
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

  it('are none where 0 is chosen', async () => {
    const free = await Api.start();
    const { id } = await free.sale();
    const { headers } = await free.checkout(id).expect(202);
    expect(headers.ratelimit).toBeUndefined();
    await free.stop();
  });
});

describe('rate limits of payments and cancellations', () => {
  let api: Api;
  let replica: Api;
  let saleId: string;
  beforeAll(async () => {
    const limits = { ORDER_RATE_LIMIT_PER_BUYER: 3, ORDER_RATE_LIMIT_PER_ADDRESS: 8 };
    const config = { ...limits, RATE_LIMIT_PER_BUYER: 1, RATE_LIMIT_WINDOW_SECONDS };
    const trusting = { BUYER_AUTH: 'secret', BUYER_JWT_SECRET: SECRET, TRUSTED_PROXIES: 1 } as const;
    api = await Api.start({ ...config, ...trusting });
    replica = await Api.start({ ...config, ...trusting });
    saleId = (await api.sale()).id;
  });
  afterAll(async () => {
    await api.stop();
    await replica.stop();
  });

  /** What a buyer of an address can do with an order. */
  const shopper = async ({ from = randomUUID(), token = tokenOf(randomUUID()) } = {}) => {
    const authorization = `Bearer ${await token}`;
    const as = <T extends { set(headers: object): T }>(call: T) =>
      call.set({ authorization, 'x-forwarded-for': from });
    return {
      buy: () => as(api.checkout(saleId, { body: { buyerId: undefined } })),
      read: (orderId: string) => as(api.http.get(`/orders/${orderId}`)),
      pay: (orderId: string, at = api) =>
        as(at.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' })),
      cancel: (orderId: string, at = api) => as(at.http.delete(`/orders/${orderId}`)),
    };
  };

  it('hold per buyer for both together, over all replicas, apart from those of checkouts', async () => {
    const { buy, pay, cancel, read } = await shopper();
    const { orderId } = (await buy().expect(202)).body as { orderId: string };
    await buy().expect(problem('RATE_LIMITED'));

    const { headers } = await pay(orderId).expect(problem('ORDER_NOT_PAYABLE'));
    expect(headers['ratelimit-policy']).toBe('"order-buyer";q=3;w=3600, "order-address";q=8;w=3600');
    expect(headers.ratelimit).toBe('"order-buyer";r=2;t=3600, "order-address";r=7;t=3600');
    await pay(orderId, replica).expect(problem('ORDER_NOT_PAYABLE'));
    await cancel(orderId, replica).expect(problem('ORDER_NOT_CANCELLABLE'));

    await pay(orderId).expect(problem('RATE_LIMITED'));
    const refused = await cancel(orderId).expect(problem('RATE_LIMITED'));
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_000);
    expect((await read(orderId).expect(200)).headers.ratelimit).toBeUndefined();
  });

  it('count who tries the orders of others', async () => {
    const { pay, cancel } = await shopper();
    for (const call of [pay, pay, cancel]) await call(randomUUID()).expect(problem('ORDER_NOT_FOUND'));
    await cancel(randomUUID()).expect(problem('RATE_LIMITED'));
  });

  it('hold per address, whoever asks', async () => {
    const from = randomUUID();
    for (let i = 0; i < 8; i++) {
      const { pay } = await shopper({ from });
      await pay(randomUUID(), i % 2 ? api : replica).expect(problem('ORDER_NOT_FOUND'));
    }
    const { pay } = await shopper({ from });
    await pay(randomUUID()).expect(problem('RATE_LIMITED'));
  });

  it('are none for an admin', async () => {
    const { cancel } = await shopper({ token: Promise.resolve(ADMIN_KEY) });
    for (let i = 0; i < 9; i++) await cancel(randomUUID()).expect(problem('ORDER_NOT_FOUND'));
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

  it('say more of a page than of data', async () => {
    const referrerPolicyOf = async (path: string) => (await api.http.get(path)).headers['referrer-policy'];
    expect(await referrerPolicyOf('/docs')).toBe('no-referrer');
    expect(await referrerPolicyOf('/sales')).toBeUndefined();
  });
});
