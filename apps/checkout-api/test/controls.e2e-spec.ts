import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADMIN_KEY, Api, READ_KEY } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';
import { settle } from './support/settler.js';
import type { ActionView, AdjustmentView } from '../src/controls/control.schema.js';
import type { SaleView } from '../src/sales/sale.schema.js';

const KEYS = {
  ADMIN_KEY: undefined,
  ADMIN_KEYS: [
    { name: 'ann', scope: 'operate', key: ADMIN_KEY },
    { name: 'grafana', scope: 'read', key: READ_KEY },
  ],
} as const;

let api: Api;
let other: Api;
beforeAll(async () => {
  api = await Api.start({ ...KEYS, ADMIN_KEYS: [...KEYS.ADMIN_KEYS] });
  other = await Api.start({ ...KEYS, ADMIN_KEYS: [...KEYS.ADMIN_KEYS] });
});
afterAll(async () => {
  await api.stop();
  await other.stop();
});

const admin = `Bearer ${ADMIN_KEY}`;
const post = (path: string, body?: object) => api.http.post(path).set('authorization', admin).send(body);
const act = async (saleId: string, action: string) =>
  (await post(`/sales/${saleId}/${action}`).expect(200)).body as SaleView;
const change = (saleId: string, body: object) =>
  api.http.patch(`/sales/${saleId}`).set('authorization', admin).send(body);
const adjust = (saleId: string, body: object, key: string = randomUUID(), prefer = 'wait=10') =>
  post(`/sales/${saleId}/adjustments`, body).set('idempotency-key', key).set('prefer', prefer);
const actions = async (query: string) =>
  (await api.http.get(`/actions${query}`).set('authorization', `Bearer ${READ_KEY}`).expect(200))
    .body as ActionView[];

/** Both replicas answer a new checkout like this before long; the one that was asked, at once. */
async function everywhere(saleId: string, check: (response: { status: number; body: object }) => void) {
  check(await api.checkout(saleId));
  await vi.waitFor(async () => check(await other.checkout(saleId)), { timeout: 5_000, interval: 20 });
}
const accepted = ({ status }: { status: number }) => expect(status).toBe(202);
const refused = (code: string) => (response: { body: object }) =>
  expect(response.body).toMatchObject({ code });

describe('pause', () => {
  it('stops new checkouts on all replicas, and resume lets them in again', async () => {
    const { id } = await api.sale();
    await everywhere(id, accepted);
    const paused = await act(id, 'pause');
    expect(paused.pausedAt).not.toBeNull();
    await everywhere(id, refused('SALE_PAUSED'));
    expect((await act(id, 'pause')).pausedAt).toBe(paused.pausedAt);
    expect((await act(id, 'resume')).pausedAt).toBeNull();
    await everywhere(id, accepted);
  });

  it('lets what was accepted go on: it is told, settled and paid', async () => {
    const { id } = await api.sale();
    const same = { key: 'k', body: { buyerId: 'b' } };
    const { body } = await api.checkout(id, same).expect(202);
    const { orderId } = body as { orderId: string };
    await act(id, 'pause');
    await api.checkout(id, same).expect(202, { orderId, status: 'queued' });
    await api
      .checkout(id, { ...same, body: { buyerId: 'b', quantity: 2 } })
      .expect(problem('IDEMPOTENCY_KEY_REUSED'));
    settle();
    await api.checkout(id, { ...same, prefer: 'wait=10' }).expect(201);
    await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
    await api.checkout(id, { ...same, prefer: 'wait=10' }).expect(200);
    await api.checkout(id).expect(problem('SALE_PAUSED'));
  });

  it('lets nobody out of the waiting room; who is inside stays', async () => {
    const waitingRoom = { places: 2, placeTtlSeconds: 300 };
    const { id } = await api.sale({ waitingRoom });
    const enter = (buyerId: string) => api.http.post(`/sales/${id}/waiting-room`).send({ buyerId });
    await enter('ann').expect(200);
    await act(id, 'pause');
    await enter('bob').expect(202);
    await enter('ann').expect(200);
    await act(id, 'resume');
    await enter('bob').expect(200);
  });
});

describe('end, and change of the end', () => {
  it('ends a sale at once, also one that has not started, and lets it go on', async () => {
    const { id } = await api.sale({ startsAt: '2039-01-01T00:00:00Z' });
    await everywhere(id, refused('SALE_NOT_STARTED'));
    const { endsAt } = await act(id, 'end');
    await everywhere(id, refused('SALE_ENDED'));
    expect((await act(id, 'end')).endsAt).toBe(endsAt);
    await change(id, { endsAt: '2038-01-01T00:00:00Z' }).expect(problem('VALIDATION_FAILED'));
    await change(id, { endsAt: null }).expect(200);
    await everywhere(id, refused('SALE_NOT_STARTED'));
  });

  it('extends', async () => {
    const { id } = await api.sale();
    await act(id, 'end');
    await everywhere(id, refused('SALE_ENDED'));
    const { body } = await change(id, { endsAt: '2039-01-01T00:00:00+01:00' }).expect(200);
    expect(body).toMatchObject({ endsAt: '2038-12-31T23:00:00.000Z' });
    await everywhere(id, accepted);
    await change(id, { endsAt: '2001-01-01T00:00:00Z' }).expect(problem('VALIDATION_FAILED'));
  });
});

describe('change of limit and places', () => {
  it('counts on all replicas', async () => {
    const { id } = await api.sale({ perBuyerLimit: 1 });
    const two = { body: { quantity: 2 } };
    await other.checkout(id, two).expect(problem('BUYER_LIMIT_EXCEEDED'));
    await change(id, { perBuyerLimit: 2 }).expect(200);
    await api.checkout(id, two).expect(202);
    await vi.waitFor(() => other.checkout(id, two).expect(202), { timeout: 5_000, interval: 20 });
    const { body } = await change(id, { perBuyerLimit: null }).expect(200);
    expect(body).toMatchObject({ perBuyerLimit: null });
  });

  it('refuses no checkout that was accepted before it, which is repeated', async () => {
    const { id } = await api.sale();
    const bought = { key: randomUUID(), body: { buyerId: 'ann', quantity: 2 } };
    const { body: before } = await api.checkout(id, bought).expect(202);
    await change(id, { perBuyerLimit: 1 }).expect(200);
    const another = { body: { buyerId: 'ann', quantity: 2 } };
    for (const replica of [api, other]) {
      const refusal = async () => problem('BUYER_LIMIT_EXCEEDED')(await replica.checkout(id, another));
      await vi.waitFor(refusal, { timeout: 5_000, interval: 20 });
    }
    for (const replica of [api, other])
      expect((await replica.checkout(id, bought).expect(202)).body).toEqual(before);
  });

  it('lets more in, or fewer', async () => {
    const { id } = await api.sale({ waitingRoom: { places: 1, placeTtlSeconds: 300 } });
    const enter = (buyerId: string) => api.http.post(`/sales/${id}/waiting-room`).send({ buyerId });
    await enter('ann').expect(200);
    await enter('bob').expect(202);
    const { body } = await change(id, { waitingRoom: { places: 2 } }).expect(200);
    expect(body).toMatchObject({ waitingRoom: { places: 2, placeTtlSeconds: 300 } });
    await enter('bob').expect(200);
    await change(id, { waitingRoom: { places: 1 } }).expect(200);
    await enter('bob').expect(200); // nobody has to go
    await enter('carol').expect(202);
    const { id: open } = await api.sale();
    await change(open, { waitingRoom: { places: 2 } }).expect(problem('NO_WAITING_ROOM'));
  });

  it('names what is wrong', async () => {
    const { id } = await api.sale();
    for (const body of [{}, { perBuyerLimit: 0 }, { endsAt: 'soon' }, { name: 'x' }, { waitingRoom: {} }])
      await change(id, body).expect(problem('VALIDATION_FAILED'));
    await change(randomUUID(), { perBuyerLimit: 1 }).expect(problem('SALE_NOT_FOUND'));
    await post(`/sales/${randomUUID()}/pause`).expect(problem('SALE_NOT_FOUND'));
  });
});

describe('adjustments', () => {
  it('add and withdraw units, and open a sale that was sold out', async () => {
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }] });
    settle();
    for (let i = 0; i < 2; i++) await api.checkout(id, { prefer: 'wait=10' });
    await vi.waitFor(() => api.checkout(id).expect(problem('SOLD_OUT')), 5_000);
    const { body } = await adjust(id, { sku: 'hot', units: 3 }).expect(200);
    expect(body).toMatchObject({ saleId: id, units: 3, status: 'done', initial: 4, available: 3 });
    await api.checkout(id, { prefer: 'wait=10' }).expect(201);
    await adjust(id, { sku: 'hot', units: -3 }).expect(problem('INSUFFICIENT_STOCK'));
    await adjust(id, { sku: 'hot', units: -2 }).expect(200);
    const { body: audit } = await api.http.get(`/sales/${id}/audit`).set('authorization', admin);
    const total = {
      initial: 2,
      available: 0,
      held: 2,
      conserved: true,
      lostUpdates: 0,
      undersold: 0,
      oversold: 0,
    };
    expect(audit).toMatchObject({ total });
  });

  it('open a waiting room in front of a sale of which everything was paid', async () => {
    const waitingRoom = { places: 5, placeTtlSeconds: 300 };
    const { id } = await api.sale({ items: [{ sku: 'hot', stock: 1 }], waitingRoom });
    const enter = (buyerId: string) => api.http.post(`/sales/${id}/waiting-room`).send({ buyerId });
    settle();
    await enter('ann').expect(200);
    const { body } = await api.checkout(id, { prefer: 'wait=10', body: { buyerId: 'ann' } }).expect(201);
    const { orderId } = body as { orderId: string };
    await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
    await vi.waitFor(() => enter('bob').expect(problem('SOLD_OUT')), 5_000);
    await adjust(id, { sku: 'hot', units: 1 }).expect(200);
    await vi.waitFor(() => enter('bob').expect(200), { timeout: 5_000, interval: 50 });
    await api.checkout(id, { prefer: 'wait=10', body: { buyerId: 'bob' } }).expect(201);
  });

  it('are done once, however often they are asked for, and told later if nobody waits', async () => {
    const { id } = await api.sale();
    const { body: pending } = await adjust(id, { sku: 'hot', units: 3 }, 'k', 'wait=1').expect(202);
    expect(pending).toMatchObject({ status: 'pending' });
    settle();
    const again = await Promise.all(
      [1, 2, 3].map(() => adjust(id, { sku: 'hot', units: 3 }, 'k').expect(200)),
    );
    for (const { body } of again)
      expect(body).toMatchObject({ adjustmentId: (pending as AdjustmentView).adjustmentId, initial: 8 });
    await adjust(id, { sku: 'hot', units: 4 }, 'k').expect(problem('IDEMPOTENCY_KEY_REUSED'));
  });

  it('name what is wrong', async () => {
    const { id } = await api.sale();
    await adjust(id, { sku: 'hot', units: 0 }).expect(problem('VALIDATION_FAILED'));
    await adjust(id, { sku: 'hot', units: 1.5 }).expect(problem('VALIDATION_FAILED'));
    await adjust(id, { sku: 'cold', units: 1 }).expect(problem('SKU_NOT_FOUND'));
    await adjust(randomUUID(), { sku: 'hot', units: 1 }).expect(problem('SALE_NOT_FOUND'));
    await post(`/sales/${id}/adjustments`, { sku: 'hot', units: 1 }).expect(
      problem('IDEMPOTENCY_KEY_MISSING'),
    );
  });
});

describe('GET /actions', () => {
  it('tells who did what and when, newest first, in pages', async () => {
    const { id } = await api.sale();
    await act(id, 'pause');
    await act(id, 'pause');
    await change(id, { perBuyerLimit: 3 });
    await adjust(id, { sku: 'hot', units: 1 }, 'k', 'wait=1').expect(202);
    await act(id, 'resume');
    const told = await actions(`?saleId=${id}`);
    expect(told.map(({ action }) => action)).toEqual(['resume', 'adjust', 'change', 'pause', 'open']);
    expect(told[2]).toMatchObject({ admin: 'ann', saleId: id, details: { perBuyerLimit: 3 } });
    expect(Date.parse(told[0]!.at)).toBeGreaterThan(Date.now() - 60_000);
    const page = await api.http.get(`/actions?saleId=${id}&limit=3`).set('authorization', admin);
    const [, next] = /<(.*)>; rel="next"/.exec(page.headers.link!)!;
    const { body, headers } = await api.http.get(next!).set('authorization', admin).expect(200);
    expect(body).toEqual(told.slice(3));
    expect(headers.link).toBeUndefined();
    expect((await actions('')).slice(0, 5)).toEqual(told);
  });
});

it('is for admins: neither buyers nor those who only look', async () => {
  const guarded = await Api.start({
    ...KEYS,
    ADMIN_KEYS: [...KEYS.ADMIN_KEYS],
    BUYER_AUTH: 'secret',
    BUYER_JWT_SECRET: SECRET,
  });
  const { id } = await guarded.sale();
  const routes = [
    ...['pause', 'resume', 'end', 'adjustments'].map((path) => ['post', `/sales/${id}/${path}`] as const),
    ['patch', `/sales/${id}`] as const,
  ];
  for (const [method, path] of routes) {
    const ask = (key: string) => guarded.http[method](path).set('authorization', `Bearer ${key}`).send({});
    await ask(READ_KEY).expect(problem('ADMIN_SCOPE_REQUIRED'));
    await ask(await tokenOf('ann')).expect(problem('ADMIN_KEY_REQUIRED'));
  }
  const ask = guarded.http.get('/actions').set('authorization', `Bearer ${await tokenOf('ann')}`);
  await ask.expect(problem('ADMIN_KEY_REQUIRED'));
  await guarded.stop();
});
