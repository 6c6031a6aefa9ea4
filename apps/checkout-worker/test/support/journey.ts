import { DeadLetters } from '@app/checkout-queue';
import type { StrategyName } from '@app/inventory';
import { oneShard } from '@app/servers';
import { orderOf, WebhookReceiver } from '@app/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Stack } from '../../../../local/stack/stack.js';

type Reserved = [string, string, string, string, string, string];
type Answer = Readonly<Record<string, unknown>>;

interface Call {
  /** What stands for the names in the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected?: number;
}

const SKUS = ['hot', 'warm', 'cold'] as const;
/** Of a stampede. */
const AT_ONCE = 50;
const STOCK = 6;

/** Everything that the application can be asked for, done by it: what it sends to Postgres then is what it ever sends. */
export class Journey {
  /** `method path` of each route that was called, as the API's description has it. */
  readonly visited = new Set<string>();
  readonly #redis: Redis;

  constructor(private readonly stack: Stack) {
    this.#redis = new Redis(stack.redisUrl);
  }

  /** A sale under a strategy: sold out, paid, declined, cancelled, expired, refunded, adjusted, steered, listed and audited. */
  async sale(strategy: StrategyName, stripes = 1): Promise<void> {
    const items = SKUS.map((sku) => ({ sku, stock: STOCK, price: 100 }));
    const rules = { currency: 'EUR', perBuyerLimit: 3, reservationTtlSeconds: 600, stripes };
    const body = { name: 'journey', strategy, items, ...rules };
    const headers = { 'idempotency-key': randomUUID() };
    const { id } = await this.call('post', '/sales', { body, headers, expected: 201 });
    await this.call('post', '/sales', { body, headers, expected: 201 }); // answered by what was opened
    const saleId = id as string;
    const path = { saleId };
    // Of several SKUs at a time: their batches may share a statement.
    const reserved = await Promise.all(
      SKUS.flatMap((sku) => [1, 2, 3, 4].map((buyer) => this.#reserve(saleId, sku, `${sku}-${buyer}`))),
    );
    const [paid, declined, cancelled, answeredLate, refunded, kept] = reserved as Reserved;
    await this.#pay(paid, 'tok_visa', 200);
    await this.#pay(declined, 'tok_declined', 402);
    await this.#pay(answeredLate, 'tok_timeout', 503);
    await this.call('delete', '/orders/{orderId}', {
      path: { orderId: cancelled },
      headers: { prefer: 'wait=5' },
    });
    await this.#refund(paid, true);
    await this.#pay(refunded, 'tok_visa', 200);
    await this.#refund(refunded, false);
    await this.#pay(kept, 'tok_visa', 200);
    await this.#sellOut(saleId);
    await this.#adjust(saleId, 5);
    await this.#adjust(saleId, -2);
    await this.#adjust(saleId, -1_000);
    await this.#read(saleId, kept);
    await this.call('post', '/sales/{saleId}/pause', { path });
    await this.call('post', '/sales/{saleId}/resume', { path });
    await this.call('patch', '/sales/{saleId}', { path, body: { perBuyerLimit: 5 } });
    await this.#becomes(answeredLate, 'paid'); // a sweep asks the provider again
    await this.call('post', '/sales/{saleId}/end', { path });
  }

  /** Reservations that nobody pays, in a sale that was prepared. */
  async expiry(strategy: StrategyName, prepare: (saleId: string) => Promise<unknown>): Promise<void> {
    const items = [{ sku: 'hot', stock: STOCK }];
    const body = { name: 'expiry', strategy, items, reservationTtlSeconds: 1 };
    const { id } = await this.call('post', '/sales', { body, expected: 201 });
    await prepare(id as string);
    const orders = await Promise.all([1, 2].map((buyer) => this.#reserve(id as string, 'hot', `${buyer}`)));
    for (const order of orders) await this.#becomes(order, 'expired');
  }

  /** So many buyers reserve a unit of one SKU, and pay it. */
  async stampede(orders: number): Promise<void> {
    const body = { name: 'stampede', items: [{ sku: 'hot', stock: orders }] };
    const { id } = await this.call('post', '/sales', { body, expected: 201 });
    const buyers = Array.from({ length: orders }, (_, i) => `buyer-${i}`);
    for (let first = 0; first < orders; first += AT_ONCE) {
      const reserved = buyers
        .slice(first, first + AT_ONCE)
        .map((buyer) => this.#reserve(id as string, 'hot', buyer));
      await Promise.all((await Promise.all(reserved)).map((order) => this.#pay(order, 'tok_visa', 200)));
    }
  }

  async waitingRoom(): Promise<void> {
    const body = {
      name: 'room',
      items: [{ sku: 'hot', stock: 1 }],
      waitingRoom: { places: 1, placeTtlSeconds: 60 },
    };
    const { id } = await this.call('post', '/sales', { body, expected: 201 });
    const path = { saleId: id as string };
    const enter = (buyerId: string, expected: number) =>
      this.call('post', '/sales/{saleId}/waiting-room', { path, body: { buyerId }, expected });
    await enter('ann', 200);
    await enter('bob', 202);
    await this.#reserve(path.saleId, 'hot', 'ann');
    await enter('bob', 202); // nothing is left
    await this.call('delete', '/sales/{saleId}/waiting-room', { path, query: 'buyerId=ann', expected: 204 });
  }

  /** Events are read and delivered; an endpoint refuses some for good. */
  async events(): Promise<void> {
    const receiver = await WebhookReceiver.listening(({ data }) => (data.buyerId === 'refused' ? 500 : 204));
    const created = await this.call('post', '/webhooks', { body: { url: receiver.url }, expected: 201 });
    receiver.secret = created.secret as string;
    const path = { webhookId: created.id as string };
    const body = { name: 'events', items: [{ sku: 'hot', stock: 9 }] };
    const { id } = await this.call('post', '/sales', { body, expected: 201 });
    const orderId = await this.#reserve(id as string, 'hot', 'refused');
    await this.#reserve(id as string, 'hot', 'accepted');
    const dead = () => this.call('get', '/webhooks/{webhookId}/dead-letters', { path });
    await expect.poll(async () => Object.values(await dead()).length, { timeout: 20_000 }).toBe(1);
    await this.call('post', '/webhooks/{webhookId}/retry', { path, expected: 202 });
    await expect.poll(async () => Object.values(await dead()).length, { timeout: 20_000 }).toBe(1);
    await this.call('delete', '/webhooks/{webhookId}/dead-letters/{orderId}', {
      path: { ...path, orderId },
      expected: 204,
    });
    await this.call('post', '/webhooks/{webhookId}/secret', { path, expected: 201 });
    await this.call('get', '/webhooks', {});
    await this.call('get', '/webhooks/{webhookId}', { path });
    const { next } = await this.call('get', '/events', { query: 'limit=10' });
    await this.call('get', '/events', { query: `limit=10&after=${next as number}` });
    await this.call('delete', '/webhooks/{webhookId}', { path, expected: 204 });
    await receiver.close();
  }

  /** Two orders that Postgres is said to have refused for good. */
  async deadLetters(): Promise<void> {
    const { id } = await this.call('post', '/sales', {
      body: { name: 'letters', items: [{ sku: 'hot', stock: 9 }] },
      expected: 201,
    });
    const letters = new DeadLetters(oneShard(this.#redis));
    const [first, second] = [orderOf(id as string), orderOf(id as string)];
    for (const order of [first, second]) await letters.keepOrder(order, new Error('refused'));
    await this.call('get', '/dead-letters', {});
    await this.call('post', '/dead-letters/{orderId}/retry', {
      path: { orderId: first.orderId },
      expected: 202,
    });
    await this.call('delete', '/dead-letters/{orderId}', {
      path: { orderId: second.orderId },
      expected: 204,
    });
    await this.#becomes(first.orderId, 'reserved');
  }

  async call(
    method: 'get' | 'post' | 'patch' | 'delete',
    template: string,
    { path = {}, query, body, headers = {}, expected = 200 }: Call,
  ): Promise<Answer> {
    this.visited.add(`${method} ${template}`);
    const url = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => path[name]!);
    const response = await fetch(`${this.stack.apiUrls[0]}${url}${query ? `?${query}` : ''}`, {
      method: method.toUpperCase(),
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        authorization: `Bearer ${this.stack.adminKey}`,
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    expect([method, url, response.status, text]).toEqual([method, url, expected, text]);
    return response.headers.get('content-type')?.startsWith('application/json')
      ? (JSON.parse(text) as Answer)
      : {};
  }

  stop(): void {
    this.#redis.disconnect();
  }

  async #reserve(saleId: string, sku: string, buyerId: string): Promise<string> {
    const answer = await this.#checkout(saleId, sku, buyerId, 201);
    return answer.orderId as string;
  }

  /** As many as there are, and one more. */
  async #sellOut(saleId: string): Promise<void> {
    for (const sku of SKUS) {
      const buyers = Array.from({ length: STOCK + 2 }, (_, i) => `late-${i}`);
      await Promise.all(buyers.map((buyer) => this.#checkout(saleId, sku, `${sku}-${buyer}`)));
    }
    await this.#checkout(saleId, 'hot', 'hot-1', 409);
  }

  #checkout(saleId: string, sku: string, buyerId: string, expected?: number): Promise<Answer> {
    const headers = { 'idempotency-key': randomUUID(), prefer: 'wait=10' };
    const body = { sku, quantity: 1, buyerId };
    const path = { saleId };
    return expected === undefined
      ? this.call('post', '/sales/{saleId}/checkouts', { path, body, headers, expected: 201 }).catch(
          () => ({}),
        )
      : this.call('post', '/sales/{saleId}/checkouts', { path, body, headers, expected });
  }

  async #pay(orderId: string, token: string, expected: number): Promise<void> {
    await this.call('post', '/orders/{orderId}/payment', { path: { orderId }, body: { token }, expected });
  }

  async #refund(orderId: string, restock: boolean): Promise<void> {
    await this.call('post', '/orders/{orderId}/refund', { path: { orderId }, body: { restock } });
  }

  async #adjust(saleId: string, units: number): Promise<void> {
    const headers = { 'idempotency-key': randomUUID(), prefer: 'wait=10' };
    const expected = units < -100 ? 409 : 200;
    await this.call('post', '/sales/{saleId}/adjustments', {
      path: { saleId },
      body: { sku: 'hot', units },
      headers,
      expected,
    });
  }

  async #read(saleId: string, orderId: string): Promise<void> {
    const sale = { saleId };
    await this.call('get', '/sales', { query: 'limit=5' });
    await this.call('get', '/sales', { query: `limit=5&cursor=${saleId}` });
    await this.call('get', '/sales/{saleId}', { path: sale });
    await this.call('get', '/sales/{saleId}/audit', { path: sale });
    await this.call('get', '/sales/{saleId}/live', { path: sale });
    for (const query of [
      '',
      'status=paid',
      'buyerId=hot-1',
      `limit=3&cursor=${orderId}`,
      `from=${new Date(0).toISOString()}`,
    ])
      await this.call('get', '/sales/{saleId}/orders', { path: sale, query });
    for (const query of ['format=csv', 'format=ndjson&status=paid'])
      await this.call('get', '/sales/{saleId}/orders/export', { path: sale, query });
    await this.call('get', '/orders', { query: 'buyerId=hot-1' });
    await this.call('get', '/orders', { query: `buyerId=hot-1&saleId=${saleId}&status=reserved` });
    await this.call('get', '/orders/{orderId}', { path: { orderId } });
    await this.call('get', '/orders/{orderId}/events', { path: { orderId } }); // it is paid: the stream ends
    await this.call('post', '/orders/{orderId}/events-ticket', { path: { orderId }, expected: 201 });
    await this.call('get', '/actions', { query: 'limit=5' });
    await this.call('get', '/actions', { query: `saleId=${saleId}` });
    for (const path of ['/metrics', '/health/live', '/health/ready']) await this.call('get', path, {});
  }

  #becomes(orderId: string, status: string): Promise<void> {
    const look = () => this.call('get', '/orders/{orderId}', { path: { orderId } });
    return expect.poll(async () => (await look()).status, { timeout: 30_000 }).toBe(status);
  }
}
