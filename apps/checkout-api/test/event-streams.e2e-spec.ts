import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OrderView, TicketView } from '../src/orders/order.schema.js';
import { Api } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';

let api: Api;
let saleId: string;
let clients: AbortController[] = [];
beforeAll(async () => {
  api = await Api.start({
    BUYER_AUTH: 'secret',
    BUYER_JWT_SECRET: SECRET,
    TRUSTED_PROXIES: 1,
    EVENT_STREAMS_PER_BUYER: 3,
    EVENT_STREAMS_PER_ADDRESS: 4,
    EVENT_STREAMS: 6,
  });
  saleId = (await api.sale()).id;
});
afterEach(() => {
  for (const client of clients) client.abort();
  clients = [];
});
afterAll(() => api.stop());

/** A buyer with an order in the queue, which nobody settles. */
async function buyer(expires?: string | Date) {
  const name = randomUUID();
  const authorization = `Bearer ${await tokenOf(name, expires)}`;
  const { body } = await api
    .checkout(saleId, { body: { buyerId: undefined } })
    .set({ authorization })
    .expect(202);
  const { orderId } = body as OrderView;
  const path = `/orders/${orderId}/events`;
  return {
    path,
    ticket: async () =>
      (await api.http.post(`${path}-ticket`).set({ authorization }).expect(201)).body as TicketView,
    /** Opens a stream that stays open. */
    follow: async (from: string = randomUUID()): Promise<Response> => {
      const client = new AbortController();
      clients.push(client);
      const headers = { authorization, 'x-forwarded-for': from };
      return fetch(`${api.url}${path}`, { headers, signal: client.signal });
    },
    /** What becomes of one more. */
    tries: (from: string = randomUUID()) =>
      api.http.get(path).set({ authorization, 'x-forwarded-for': from }),
  };
}
type Buyer = Awaited<ReturnType<typeof buyer>>;

const open = async (of: Buyer, count: number, from?: string) => {
  for (let i = 0; i < count; i++) expect((await of.follow(from)).status).toBe(200);
};

describe('event streams', () => {
  it('are bounded for a buyer, and one that ends makes place for another', async () => {
    const ann = await buyer();
    await open(ann, 3);
    const { headers, body } = await ann.tries().expect(problem('TOO_MANY_STREAMS'));
    expect(headers['retry-after']).toBe('5');
    expect(headers['ratelimit-policy']).toBe('"streams-buyer";q=3;qu="concurrent-requests"');
    expect(body).toMatchObject({ 'violated-policies': ['streams-buyer'] });
    clients[0]!.abort();
    await vi.waitFor(async () => expect((await ann.follow()).status).toBe(200), { timeout: 5_000 });
  });

  it('are bounded for an address, whoever asks', async () => {
    const from = randomUUID();
    const [ann, bob] = [await buyer(), await buyer()];
    await open(ann, 2, from);
    await open(bob, 2, from);
    const { body } = await bob.tries(from).expect(problem('TOO_MANY_STREAMS'));
    expect(body).toMatchObject({ 'violated-policies': ['streams-address'] });
    await open(bob, 1);
  });

  it('are bounded for a replica', async () => {
    await open(await buyer(), 3);
    await open(await buyer(), 3);
    await (await buyer()).tries().expect(problem('STREAMS_FULL'));
    const { text } = await api.http.get('/metrics');
    expect(text).toMatch(/^event_streams_open 6$/m);
  });

  it('end with the token that opened them', async () => {
    const ann = await buyer(new Date(Date.now() + 3_000));
    const stream = await ann.follow();
    expect(stream.status).toBe(200);
    expect(await stream.text()).toContain('"status":"queued"');
  });
});

describe('a ticket', () => {
  const listen = (path: string, ticket: string) =>
    api.http.get(path).query({ ticket }).set('x-forwarded-for', randomUUID());
  const opens = async (path: string, ticket: string) => {
    const client = new AbortController();
    clients.push(client);
    return fetch(`${api.url}${path}?ticket=${ticket}`, { signal: client.signal });
  };

  it('opens the events of its order without a token, for a minute', async () => {
    const ann = await buyer();
    const { ticket, expiresAt } = await ann.ticket();
    const left = Date.parse(expiresAt) - Date.now();
    expect(left).toBeGreaterThan(30_000);
    expect(left).toBeLessThanOrEqual(60_000);
    expect(await api.redis.pttl(`ticket:${ticket}`)).toBeLessThanOrEqual(60_000);
    for (let times = 0; times < 2; times++) expect((await opens(ann.path, ticket)).status).toBe(200);
    await api.redis.del(`ticket:${ticket}`);
    await listen(ann.path, ticket).expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it('opens nothing else', async () => {
    const [ann, bob] = [await buyer(), await buyer()];
    const { ticket } = await ann.ticket();
    await listen(bob.path, ticket).expect(problem('BUYER_TOKEN_REQUIRED'));
    await api.http
      .get(ann.path.replace('/events', ''))
      .query({ ticket })
      .expect(problem('BUYER_TOKEN_REQUIRED'));
    for (const forged of ['', 'x', 'x'.repeat(32), `${ticket}x`])
      await listen(ann.path, forged).expect(problem('BUYER_TOKEN_REQUIRED'));
    await api.http.post(`${ann.path}-ticket?ticket=${ticket}`).expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it('is given to nobody but the buyer', async () => {
    const [ann, bob] = [await buyer(), await tokenOf(randomUUID())];
    await api.http.post(`${ann.path}-ticket`).expect(problem('BUYER_TOKEN_REQUIRED'));
    await api.http
      .post(`${ann.path}-ticket`)
      .set('authorization', `Bearer ${bob}`)
      .expect(problem('ORDER_NOT_FOUND'));
  });

  it('counts as its buyer, and its stream ends with the token that it was fetched with', async () => {
    const ann = await buyer(new Date(Date.now() + 4_000));
    const { ticket } = await ann.ticket();
    await open(ann, 2);
    const stream = await opens(ann.path, ticket);
    expect(stream.status).toBe(200);
    await listen(ann.path, ticket).expect(problem('TOO_MANY_STREAMS'));
    expect(await stream.text()).toContain('"status":"queued"');
  });
});
