import { insideKey } from '@app/waiting-room';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import type { NewSale } from '../src/sales/sale.schema.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';
import { Settler } from './support/settler.js';

const ONE_PLACE = { places: 1, placeTtlSeconds: 300 };

let api: Api;
let replica: Api;
const redis = new Redis(inject('redisUrl'));
beforeAll(async () => {
  api = await Api.start();
  replica = await Api.start();
});
afterAll(async () => {
  await api.stop();
  await replica.stop();
  redis.disconnect();
});

const open = async (sale: Partial<NewSale> = {}) => (await api.sale({ waitingRoom: ONE_PLACE, ...sale })).id;
const enter = (saleId: string, buyerId: string, at = api) =>
  at.http.post(`/sales/${saleId}/waiting-room`).send({ buyerId });
const leave = (saleId: string, buyerId: string, at = api) =>
  at.http.delete(`/sales/${saleId}/waiting-room`).query({ buyerId });
const buy = (saleId: string, buyerId: string, key = randomUUID(), at = api) =>
  at.checkout(saleId, { key, prefer: 'wait=10', body: { buyerId } });
/** As if the time of everybody's place were over. */
const runOut = (saleId: string, buyerId: string) => redis.zadd(insideKey(saleId), 'XX', 1, buyerId);

describe('a sale with a waiting room', () => {
  it('shows its rules', async () => {
    const { id, waitingRoom } = await api.sale({ waitingRoom: { places: 7 } as NewSale['waitingRoom'] });
    expect(waitingRoom).toEqual({ places: 7, placeTtlSeconds: 300 });
    const { body } = await replica.http.get(`/sales/${id}`).expect(200);
    expect(body).toMatchObject({ waitingRoom });
    expect((await api.sale()).waitingRoom).toBeNull();
  });

  it.each([{ places: 0 }, { places: 1.5 }, {}, { places: 1, placeTtlSeconds: 0 }, { places: 1, more: 1 }, 5])(
    'refuses %j for a waiting room',
    async (waitingRoom) => {
      const items = [{ sku: 'hot', stock: 5 }];
      await api.openSale({ name: 'test', items, waitingRoom }).expect(problem('VALIDATION_FAILED'));
    },
  );
});

describe('the waiting room', () => {
  it('lets in as many as it has places, first come first served at any replica, and tells the others where they are', async () => {
    const saleId = await open({ waitingRoom: { places: 2, placeTtlSeconds: 100 } });
    const before = Date.now();
    const { body: inside } = await enter(saleId, 'ann').expect(200);
    expect(inside).toEqual({ status: 'admitted', expiresAt: expect.any(String) as string });
    const { expiresAt } = inside as { expiresAt: string };
    expect(Math.abs(Date.parse(expiresAt) - before - 100_000)).toBeLessThan(10_000);
    expect((await enter(saleId, 'ann', replica).expect(200)).body).toEqual(inside);
    await enter(saleId, 'bob', replica).expect(200);
    const { body, headers } = await enter(saleId, 'cat').expect(202);
    const [status, available, estimatedWaitSeconds] = ['waiting', 5, null];
    expect(body).toEqual({ status, position: 1, waiting: 1, estimatedWaitSeconds, available });
    expect(headers['retry-after']).toBe('1');
    expect((await enter(saleId, 'dan', replica).expect(202)).body).toMatchObject({ position: 2, waiting: 2 });
    await leave(saleId, 'ann', replica).expect(204);
    await enter(saleId, 'dan', replica).expect(202);
    await enter(saleId, 'cat', replica).expect(200);
    expect((await enter(saleId, 'dan').expect(202)).body).toMatchObject({
      position: 1,
      estimatedWaitSeconds: expect.any(Number) as number,
    });
    await leave(saleId, 'dan').expect(204);
    await leave(saleId, 'dan').expect(204);
    await enter(saleId, 'eve')
      .expect(202)
      .expect(({ body: last }) => expect(last).toMatchObject({ position: 1 }));
  });

  it('is not there where there is none', async () => {
    const { id } = await api.sale();
    await enter(id, 'ann').expect(problem('NO_WAITING_ROOM'));
    await leave(id, 'ann').expect(problem('NO_WAITING_ROOM'));
    await enter(randomUUID(), 'ann').expect(problem('SALE_NOT_FOUND'));
    await leave(randomUUID(), 'ann').expect(problem('SALE_NOT_FOUND'));
  });

  it('wants to know who waits', async () => {
    const saleId = await open();
    const path = `/sales/${saleId}/waiting-room`;
    await api.http.post(path).send({}).expect(problem('VALIDATION_FAILED'));
    await api.http.post(path).expect(problem('VALIDATION_FAILED'));
    await api.http.delete(path).expect(problem('VALIDATION_FAILED'));
    await enter(saleId, 'two words').expect(problem('VALIDATION_FAILED'));
    await enter('x', 'ann').expect(problem('VALIDATION_FAILED'));
  });

  it('may be waited in before the sale starts, and lets nobody in until then', async () => {
    const startsAt = new Date(Date.now() + 1_500).toISOString();
    const saleId = await open({ startsAt });
    const { body } = await enter(saleId, 'ann').expect(202);
    expect(body).toMatchObject({ position: 1, estimatedWaitSeconds: 2 });
    await enter(saleId, 'bob', replica).expect(202);
    await expect.poll(async () => (await enter(saleId, 'ann')).status, { timeout: 5_000 }).toBe(200);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(startsAt));
    await enter(saleId, 'bob', replica).expect(202);
  });

  it('is closed after the end', async () => {
    const [startsAt, endsAt] = [-2, -1].map((hours) =>
      new Date(Date.now() + hours * 3_600_000).toISOString(),
    );
    const saleId = await open({ startsAt, endsAt });
    await enter(saleId, 'ann').expect(problem('SALE_ENDED'));
    await leave(saleId, 'ann').expect(204);
  });

  it('limits those who ask too often', async () => {
    const limits = { WAITING_ROOM_RATE_LIMIT_PER_BUYER: 1, RATE_LIMIT_PER_BUYER: 1 };
    const strict = await Api.start({ ...limits, RATE_LIMIT_WINDOW_SECONDS: 3_600 });
    const saleId = await open();
    const [ann, bob] = [randomUUID(), randomUUID()];
    await enter(saleId, ann, strict).expect(200);
    await enter(saleId, ann, strict).expect(problem('RATE_LIMITED'));
    await enter(saleId, bob, strict).expect(202);
    await strict.http.delete(`/sales/${saleId}/waiting-room?buyerId=${bob}`).expect(problem('RATE_LIMITED'));
    // What a buyer has asked while waiting is no checkout.
    await strict.checkout(saleId, { body: { buyerId: ann } }).expect(202);
    await strict.stop();
  });
});

describe('a checkout', () => {
  let settler: Settler;
  beforeAll(() => (settler = new Settler()));
  afterAll(() => settler.stop());

  const reserve = async (saleId: string, buyerId: string) =>
    ((await buy(saleId, buyerId).expect(201)).body as OrderView).orderId;

  it('needs a place, at any replica', async () => {
    const saleId = await open();
    const { body } = await buy(saleId, 'ann').expect(problem('NOT_ADMITTED'));
    expect(body).toMatchObject({
      detail: expect.stringContaining(`POST /sales/${saleId}/waiting-room`) as string,
    });
    await enter(saleId, 'ann').expect(200);
    await enter(saleId, 'bob').expect(202);
    await buy(saleId, 'bob').expect(problem('NOT_ADMITTED'));
    await buy(saleId, 'ann', randomUUID(), replica).expect(201);
    await buy(saleId, 'ann').expect(201); // several, for as long as the place lasts
    await runOut(saleId, 'ann');
    await buy(saleId, 'ann').expect(problem('NOT_ADMITTED'));
  });

  it('that was accepted is answered again when the place is over', async () => {
    const saleId = await open();
    await enter(saleId, 'ann').expect(200);
    const key = randomUUID();
    const { body } = await buy(saleId, 'ann', key).expect(201);
    await leave(saleId, 'ann').expect(204);
    expect((await buy(saleId, 'ann', key, replica).expect(201)).body).toMatchObject(body as object);
    const other = { sku: 'hot', quantity: 2, buyerId: 'ann' };
    await api.checkout(saleId, { key, body: other }).expect(problem('IDEMPOTENCY_KEY_REUSED'));
  });

  it('that is paid makes place for the next, and its buyer may queue again', async () => {
    const saleId = await open({ reservationTtlSeconds: 300 });
    await enter(saleId, 'ann').expect(200);
    const orderId = await reserve(saleId, 'ann');
    await enter(saleId, 'bob').expect(202);
    const pay = (token: string) => api.http.post(`/orders/${orderId}/payment`).send({ token });
    await pay('tok_declined').expect(problem('PAYMENT_DECLINED'));
    await enter(saleId, 'bob').expect(202);
    await pay('tok_visa').expect(200);
    await enter(saleId, 'bob', replica).expect(200);
    await leave(saleId, 'bob').expect(204);
    await enter(saleId, 'ann').expect(200);
    await pay('tok_visa').expect(200);
    await enter(saleId, 'bob').expect(202); // paying again what is paid ends nothing
  });

  it('that is cancelled makes place for the next', async () => {
    const saleId = await open();
    await enter(saleId, 'ann').expect(200);
    const orderId = await reserve(saleId, 'ann');
    await enter(saleId, 'bob').expect(202);
    await replica.http.delete(`/orders/${orderId}`).expect(200);
    await enter(saleId, 'bob').expect(200);
  });

  it('that was reserved is paid although the place is over', async () => {
    const saleId = await open({ reservationTtlSeconds: 300 });
    await enter(saleId, 'ann').expect(200);
    const orderId = await reserve(saleId, 'ann');
    await runOut(saleId, 'ann');
    await enter(saleId, 'bob').expect(200);
    await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
    await enter(saleId, 'bob').expect(200);
  });

  it('of the last unit: others may wait for it while it is not paid, and not after', async () => {
    const saleId = await open({ items: [{ sku: 'hot', stock: 1 }], reservationTtlSeconds: 300 });
    await enter(saleId, 'ann').expect(200);
    const orderId = await reserve(saleId, 'ann');
    const available = async () =>
      ((await enter(saleId, 'bob').expect(202)).body as { available: number }).available;
    await expect.poll(available, { timeout: 5_000 }).toBe(0);
    await api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
    await expect.poll(async () => (await enter(saleId, 'cat')).status, { timeout: 5_000 }).toBe(409);
    await enter(saleId, 'bob').expect(problem('SOLD_OUT'));
  });

  it('of many at once: never more than there are places', async () => {
    const saleId = await open({
      waitingRoom: { places: 3, placeTtlSeconds: 300 },
      items: [{ sku: 'hot', stock: 50 }],
    });
    const buyers = Array.from({ length: 20 }, (_, n) => `buyer-${n}`);
    const answers = await Promise.all(
      buyers.map(async (buyer, n) => {
        const at = n % 2 ? api : replica;
        await enter(saleId, buyer, at);
        return (await buy(saleId, buyer, randomUUID(), at)).status;
      }),
    );
    expect(answers.filter((status) => status === 201)).toHaveLength(3);
    expect(answers.filter((status) => status === 403)).toHaveLength(17);
  });
});

it('is whose token it is: nobody enters, buys or leaves for another', async () => {
  const strict = await Api.start({ BUYER_AUTH: 'secret', BUYER_JWT_SECRET: SECRET });
  const bearer = async (buyer: string) => `Bearer ${await tokenOf(buyer)}`;
  const [ann, bob] = [await bearer('ann'), await bearer('bob')];
  const saleId = await open();
  const path = `/sales/${saleId}/waiting-room`;
  const enterAs = (authorization: string, body = {}) =>
    strict.http.post(path).set('authorization', authorization).send(body);
  const leaveAs = (authorization: string, query = {}) =>
    strict.http.delete(path).set('authorization', authorization).query(query);

  await strict.http.post(path).send({ buyerId: 'ann' }).expect(problem('BUYER_TOKEN_REQUIRED'));
  await strict.http.delete(path).query({ buyerId: 'ann' }).expect(problem('BUYER_TOKEN_REQUIRED'));
  await enterAs(ann).expect(200);
  await enterAs(bob, { buyerId: 'ann' }).expect(problem('BUYER_MISMATCH'));
  await leaveAs(bob, { buyerId: 'ann' }).expect(problem('BUYER_MISMATCH'));
  await leaveAs(bob).expect(204);
  await enterAs(bob).expect(202);
  const buyAs = (authorization: string, body: object) =>
    strict.checkout(saleId, { body }).set('authorization', authorization);
  await buyAs(bob, { buyerId: 'ann' }).expect(problem('BUYER_MISMATCH'));
  await buyAs(bob, { buyerId: undefined }).expect(problem('NOT_ADMITTED'));
  await buyAs(ann, { buyerId: undefined }).expect(202);
  await enterAs(`Bearer ${ADMIN_KEY}`, { buyerId: 'cat' })
    .expect(202)
    .expect(({ body }) => expect(body).toMatchObject({ position: 2 }));
  await enterAs(`Bearer ${ADMIN_KEY}`).expect(problem('VALIDATION_FAILED'));
  await strict.stop();
});

it('is counted, without a label per sale', async () => {
  const watched = await Api.start();
  const saleId = await open();
  await enter(saleId, 'ann', watched).expect(200);
  await enter(saleId, 'bob', watched).expect(202);
  const { text } = await watched.http.get('/metrics').expect(200);
  const metric = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  expect(metric('waiting_room_answers_total{status="waiting"}')).toBe(1);
  expect(metric('waiting_room_inside')).toBe(1);
  expect(metric('waiting_room_waiting')).toBe(1);
  expect(text).not.toContain(saleId);
  await watched.stop();
});
