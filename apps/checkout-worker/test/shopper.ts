import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Stack } from '../../../local/stack/stack.js';

/** What the tests read of an audit's total. */
export interface Total {
  readonly available: number;
  readonly held: number;
  readonly sold: number;
  readonly pending: number;
  readonly oversold: number;
  readonly undersold: number;
  readonly lostUpdates: number;
  readonly conserved: boolean;
}

export interface Accepted {
  readonly orderId: string;
  readonly buyerId: string;
}

export interface Event {
  readonly number: number;
  readonly type: string;
  readonly data: { readonly orderId: string; readonly saleId: string };
}

/** Who is told of a stack's events. */
export interface Webhook {
  readonly id: string;
  readonly secret: string;
  remove(): Promise<unknown>;
}

/** Buyers of one stack, over HTTP, who try again with the same Idempotency-Key until they have an answer. */
export class Shopper {
  #turn = 0;

  constructor(private readonly stack: Pick<Stack, 'adminKey' | 'apiUrls'>) {}

  async openSale(strategy: string, stock: number, stripes = 1, rules: object = {}): Promise<string> {
    const response = await fetch(`${this.#api()}/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.stack.adminKey}` },
      body: JSON.stringify({ name: 'test', strategy, stripes, items: [{ sku: 'hot', stock }], ...rules }),
    });
    if (response.status !== 201) throw new Error(`no sale: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { id: string }).id;
  }

  async webhook(url: string): Promise<Webhook> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.stack.adminKey}` };
    const response = await fetch(`${this.#api()}/webhooks`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ url }),
    });
    if (response.status !== 201) throw new Error(`no webhook: ${response.status} ${await response.text()}`);
    const created = (await response.json()) as { id: string; secret: string };
    const { authorization } = headers;
    const remove = () =>
      fetch(`${this.#api()}/webhooks/${created.id}`, { method: 'DELETE', headers: { authorization } });
    return { ...created, remove };
  }

  /** All events after a number, from the feed. */
  async eventsAfter(after: number): Promise<Event[]> {
    const events: Event[] = [];
    for (let next = after, more = true; more;) {
      const headers = { authorization: `Bearer ${this.stack.adminKey}` };
      const response = await fetch(`${this.#api()}/events?limit=1000&after=${next}`, { headers });
      if (response.status !== 200) throw new Error(`no events: ${response.status} ${await response.text()}`);
      const page = (await response.json()) as { events: Event[]; next: number; more: boolean };
      events.push(...page.events);
      ({ next, more } = page);
    }
    return events;
  }

  /** Sends `count` checkouts of one unit, `abreast` at a time. Returns the accepted ones; the others were sold out. */
  async stampede(saleId: string, count: number, abreast = 64): Promise<Accepted[]> {
    const accepted: Accepted[] = [];
    let next = 0;
    const buyers = Array.from({ length: abreast }, async () => {
      while (next < count) {
        const buyerId = `buyer-${next++}`;
        const orderId = await this.checkout(saleId, buyerId);
        if (orderId) accepted.push({ orderId, buyerId });
      }
    });
    await Promise.all(buyers);
    return accepted;
  }

  /** The order's id once it is accepted; undefined when the SKU is sold out. */
  async checkout(saleId: string, buyerId: string): Promise<string | undefined> {
    const key = randomUUID();
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      const response = await this.checkoutOnce(saleId, buyerId, key).catch(() => undefined);
      const answer = (await response?.json().catch(() => undefined)) as
        { orderId?: string; code?: string } | undefined;
      if (response?.status === 202 && answer?.orderId) return answer.orderId;
      if (response?.status === 409 && answer?.code === 'SOLD_OUT') return undefined;
      if (response && answer && response.status !== 503) {
        throw new Error(`unexpected answer: ${response.status} ${JSON.stringify(answer)}`);
      }
      await sleep(50); // the replica is gone, or something behind it
    }
    throw new Error(`the checkout of ${buyerId} had no answer within a minute`);
  }

  /** One unit, tried once; whatever is answered. */
  checkoutOnce(saleId: string, buyerId: string, key: string = randomUUID()): Promise<Response> {
    return fetch(`${this.#api()}/sales/${saleId}/checkouts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ sku: 'hot', quantity: 1, buyerId }),
    });
  }

  async order(orderId: string): Promise<{ status: string }> {
    const response = await fetch(`${this.#api()}/orders/${orderId}`);
    return (await response.json()) as { status: string };
  }

  /** The order's id once it is reserved: also by a worker that first leaves a silent connection, which takes it 9 s. */
  async reserve(saleId: string): Promise<string> {
    const orderId = await this.checkout(saleId, randomUUID());
    await expect.poll(async () => (await this.order(orderId!)).status, { timeout: 20_000 }).toBe('reserved');
    return orderId!;
  }

  /** The status of the answer. */
  async pay(orderId: string, token: string): Promise<number> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ token });
    const url = `${this.#api()}/orders/${orderId}/payment`;
    return (await fetch(url, { method: 'POST', headers, body })).status;
  }

  /** Does not wait until it is done. */
  async cancel(orderId: string): Promise<number> {
    const headers = { prefer: 'wait=1' };
    return (await fetch(`${this.#api()}/orders/${orderId}`, { method: 'DELETE', headers })).status;
  }

  /** The audit as it is now. */
  async total(saleId: string): Promise<Total> {
    const headers = { authorization: `Bearer ${this.stack.adminKey}` };
    const response = await fetch(`${this.#api()}/sales/${saleId}/audit`, { headers });
    return ((await response.json()) as { total: Total }).total;
  }

  /** The audit once no order is pending any more. */
  async drained(saleId: string, withinMs = 60_000): Promise<Total> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const total = await this.total(saleId);
      if (total.pending === 0) return total;
      if (Date.now() > deadline)
        throw new Error(`not drained within ${withinMs} ms: ${JSON.stringify(total)}`);
      await sleep(100);
    }
  }

  #api(): string {
    const urls = this.stack.apiUrls;
    return urls[this.#turn++ % urls.length]!;
  }
}
