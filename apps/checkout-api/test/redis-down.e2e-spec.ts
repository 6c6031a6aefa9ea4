import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import { Api } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';
import { Gate } from './support/gate.js';
import { settle } from './support/settler.js';

let api: Api;
let redis: Gate;
beforeAll(async () => {
  redis = await Gate.before(inject('redisUrl'));
  api = await Api.start({
    REDIS_URL: redis.url,
    BUYER_AUTH: 'secret',
    BUYER_JWT_SECRET: SECRET,
    ORDER_RATE_LIMIT_PER_BUYER: 100,
    ORDER_RATE_LIMIT_PER_ADDRESS: 100,
  });
});
afterAll(async () => {
  await api.stop();
  await redis.shut();
});

let saleId: string;
beforeEach(async () => {
  saleId = (await api.sale()).id;
});

/** A buyer with a token, and an order of that buyer's which is reserved. */
async function buyer() {
  const token = await tokenOf(randomUUID());
  const as = <T extends { set(headers: object): T }>(call: T) =>
    call.set({ authorization: `Bearer ${token}` });
  settle();
  const buying = api.checkout(saleId, { prefer: 'wait=10', body: { buyerId: undefined } });
  const { orderId } = (await as(buying).expect(201)).body as OrderView;
  return {
    read: (id = orderId) => as(api.http.get(`/orders/${id}`)),
    pay: (id = orderId) => as(api.http.post(`/orders/${id}/payment`).send({ token: 'tok_visa' })),
    orderId,
  };
}

it.each([
  ['gone', () => redis.shut(), () => redis.open()],
  ['silent', async () => redis.freeze(), async () => redis.thaw()],
])('a reserved order of an authenticated buyer is read and paid while Redis is %s', async (_, fail, heal) => {
  const [ann, bob] = [await buyer(), await buyer()];
  await fail();
  try {
    expect((await ann.read().expect(200)).body).toMatchObject({ status: 'reserved' });
    await bob.read(ann.orderId).expect(problem('ORDER_NOT_FOUND'));
    await bob.pay(ann.orderId).expect(problem('ORDER_NOT_FOUND'));
    expect((await ann.pay().expect(200)).body).toMatchObject({ status: 'paid' });
    // It could be in the queue, which nobody can ask now.
    await ann.read(randomUUID()).expect(problem('REDIS_UNAVAILABLE'));
  } finally {
    await heal();
  }
});
