import { WebhookReceiver } from '@app/testing';
import { Deliveries, Feed } from '@app/events';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventPageView } from '../src/events/feed.schema.js';
import type { CreatedWebhookView } from '../src/events/webhook.schema.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Settler } from './support/settler.js';

let api: Api;
let settler: Settler;
let feed: Feed;
beforeAll(async () => {
  api = await Api.start();
  settler = new Settler();
  feed = new Feed(api.database);
});
afterAll(async () => {
  await settler.stop();
  await api.database.query('TRUNCATE webhooks CASCADE');
  await api.stop();
});

const admin = `Bearer ${ADMIN_KEY}`;
const get = (path: string) => api.http.get(path).set('authorization', admin);
const post = (path: string) => api.http.post(path).set('authorization', admin);
const page = async (query: string) => (await get(`/events?${query}`).expect(200)).body as EventPageView;
/** Where the feed ends now. */
const end = async () => {
  await feed.publish();
  const { rows } = await api.database.query<{ last: number }>('SELECT last_number::float8 AS last FROM feed');
  return rows[0]!.last;
};
const create = async (webhook: object) =>
  (await post('/webhooks').send(webhook).expect(201)).body as CreatedWebhookView;

/** A reserved order that its buyer pays. */
async function payOne(): Promise<{ orderId: string; saleId: string; buyerId: string }> {
  const { id: saleId } = await api.sale();
  const buyerId = randomUUID();
  const { body } = await api.checkout(saleId, { prefer: 'wait=10', body: { buyerId } }).expect(201);
  const { orderId } = body as { orderId: string };
  await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
  return { orderId, saleId, buyerId };
}

describe('the feed', () => {
  it('tells what was reserved and paid, page by page', async () => {
    const before = await end();
    const { orderId, saleId, buyerId } = await payOne();
    await feed.publish();
    const first = await page(`after=${before}&limit=1`);
    expect(first).toMatchObject({ next: before + 1, more: true });
    expect(first.events).toEqual([
      {
        id: `${orderId}_reserved`,
        number: before + 1,
        type: 'order.reserved',
        timestamp: expect.any(String) as string,
        data: { orderId, saleId, sku: 'hot', quantity: 1, buyerId },
      },
    ]);
    const second = await page(`after=${first.next}`);
    expect(second.events.map(({ type }) => type)).toEqual(['order.paid']);
    expect(second).toMatchObject({ next: before + 2, more: false });
    expect((await page(`after=${before}&types=order.paid,order.expired`)).events).toEqual(second.events);
  });

  it('says why it rejected', async () => {
    const before = await end();
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }] });
    await api.checkout(id, { prefer: 'wait=10', body: { quantity: 2 } }).expect(409);
    await feed.publish();
    const { events } = await page(`after=${before}`);
    expect(events).toMatchObject([{ type: 'order.rejected', data: { reason: 'INSUFFICIENT_STOCK' } }]);
  });

  it('does not skip what it does not have', async () => {
    const last = await end();
    await get(`/events?after=${last + 1}`).expect(problem('EVENTS_NOT_KEPT'));
    await get('/events?types=order.lost').expect(problem('VALIDATION_FAILED'));
    await get('/events?after=-1').expect(problem('VALIDATION_FAILED'));
  });
});

describe('a webhook', () => {
  it('is told of events from where it wants, signed by the secret that its creator was told once', async () => {
    const after = await end();
    const endpoint = await WebhookReceiver.listening();
    const { orderId } = await payOne();
    await feed.publish();
    const { secret, ...created } = await create({ url: endpoint.url, after, types: ['order.paid'] });
    expect(created).toMatchObject({ behind: 2, held: 0, dead: 0, failing: false, types: ['order.paid'] });
    expect((await get(`/webhooks/${created.id}`).expect(200)).body).not.toHaveProperty('secret');
    endpoint.secret = secret;
    const deliveries = new Deliveries(api.database, { timeout: 5_000, maxAttempts: 1 });
    const [turn] = await deliveries.begin(created.id);
    await deliveries.round(turn!, new AbortController().signal);
    expect(endpoint.accepted).toMatchObject([{ id: `${orderId}_paid`, type: 'order.paid' }]);
    expect(endpoint.forged).toEqual([]);
    await endpoint.close();
    await api.http.delete(`/webhooks/${created.id}`).set('authorization', admin).expect(204);
    await get(`/webhooks/${created.id}`).expect(problem('WEBHOOK_NOT_FOUND'));
  });

  it('shows what was given up, sends it again or forgets it, and has metrics', async () => {
    const after = await end();
    const { orderId } = await payOne();
    await feed.publish();
    const gone = await WebhookReceiver.listening();
    await gone.close();
    const { id } = await create({ url: gone.url, after });
    const deliveries = new Deliveries(api.database, { timeout: 5_000, maxAttempts: 1 });
    const round = async () => {
      const [turn] = await deliveries.begin(id);
      await deliveries.round(turn!, new AbortController().signal);
    };
    await round();
    const letters = `/webhooks/${id}/dead-letters`;
    expect((await get(letters).expect(200)).body).toMatchObject([
      {
        orderId,
        attempts: 1,
        error: 'ECONNREFUSED',
        events: [{ type: 'order.reserved' }, { type: 'order.paid' }],
      },
    ]);
    const { text } = await api.http.get('/metrics').expect(200);
    expect(text).toMatch(
      new RegExp(`^webhook_dead_orders\\{webhook="${id}",host="127.0.0.1:\\d+"\\} 1$`, 'm'),
    );
    expect(text).toMatch(/^events_unpublished_seconds \d/m);
    const retried = await post(`/webhooks/${id}/retry?orderId=${orderId}`).expect(202);
    expect(retried.body).toEqual({ orders: 1 });
    expect((await get(letters).expect(200)).body).toEqual([]);
    await round();
    expect((await get(letters).expect(200)).body).toMatchObject([{ orderId }]);
    await api.http.delete(`${letters}/${orderId}`).set('authorization', admin).expect(204);
    expect((await get(letters).expect(200)).body).toEqual([]);
    await post(`/webhooks/${id}/secret`).expect(201);
    const trail = (await get('/actions?limit=4').expect(200)).body as object[];
    expect(trail).toMatchObject([
      { action: 'change-webhook-secret', orderId: null, details: { webhookId: id } },
      { action: 'discard-events', admin: 'admin', orderId, details: { webhookId: id, orders: 1 } },
      { action: 'retry-events', orderId },
      { action: 'create-webhook', details: { webhookId: id } },
    ]);
  });

  it.each([
    { url: 'http://fulfilment.example/' },
    { url: 'https://user:secret@fulfilment.example/' },
    { url: 'https://fulfilment.example/', types: [] },
    { url: 'https://fulfilment.example/', secret: 'of my own' },
  ])('is refused for %o', async (webhook) => {
    await post('/webhooks').send(webhook).expect(problem('VALIDATION_FAILED'));
  });
});

it.each([
  ['get', '/events'],
  ['get', '/webhooks'],
  ['post', '/webhooks'],
  ['get', `/webhooks/${randomUUID()}`],
  ['delete', `/webhooks/${randomUUID()}`],
  ['post', `/webhooks/${randomUUID()}/secret`],
  ['get', `/webhooks/${randomUUID()}/dead-letters`],
  ['post', `/webhooks/${randomUUID()}/retry`],
  ['delete', `/webhooks/${randomUUID()}/dead-letters/${randomUUID()}`],
] as const)('%s %s wants an admin key', async (method, path) => {
  await api.http[method](path).expect(problem('ADMIN_KEY_REQUIRED'));
});
