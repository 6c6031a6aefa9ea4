import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import { OrderWatch } from '../src/orders/order-watch.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { settle } from './support/settler.js';

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

const watched = () => api.app.get(OrderWatch).size;
const order = async (prefer?: string) => {
  const { id } = await api.sale();
  return (await api.checkout(id, { prefer })).body as OrderView;
};

/** The stream of an order's events, as a browser would read it. */
class Stream {
  readonly #client = new AbortController();
  readonly #response: Promise<Response>;
  text = '';
  ended = false;

  constructor({ orderId }: Pick<OrderView, 'orderId'>, lastEventId?: string, url = api.url) {
    const headers = new Headers(lastEventId === undefined ? {} : { 'last-event-id': lastEventId });
    this.#response = fetch(`${url}/orders/${orderId}/events`, { headers, signal: this.#client.signal });
    void this.#read().catch(() => undefined);
  }

  get response() {
    return this.#response;
  }

  /** What was told so far: id and status of each event. */
  get told() {
    const events = [...this.text.matchAll(/^id: (\d)\ndata: (.*)$/gm)];
    return events.map(([, id, data]) => [id, (JSON.parse(data!) as OrderView).status]);
  }

  async tells(...events: [id: string, status: string][]) {
    await vi.waitFor(() => expect(this.told).toEqual(events), { timeout: 5_000 });
  }

  async ends() {
    await vi.waitFor(() => expect(this.ended).toBe(true), { timeout: 5_000 });
  }

  leave() {
    this.#client.abort();
  }

  async #read() {
    const decoder = new TextDecoder();
    for await (const chunk of (await this.#response).body!) this.text += decoder.decode(chunk as Uint8Array);
    this.ended = true;
  }
}

describe('GET /orders/:orderId/events', () => {
  it('tells each state once, from the queue to the end', async () => {
    const queued = await order();
    const stream = new Stream(queued);
    await stream.tells(['0', 'queued']);
    expect((await stream.response).headers.get('content-type')).toBe('text/event-stream');
    settle();
    await stream.tells(['0', 'queued'], ['1', 'reserved']);
    await api.http.post(`/orders/${queued.orderId}/payment`).send({ token: 'tok_visa' }).expect(200);
    await stream.tells(['0', 'queued'], ['1', 'reserved'], ['2', 'paid']);
    await stream.ends();
    expect(watched()).toBe(0);
    const { body } = await api.http.get(`/orders/${queued.orderId}`).expect(200);
    expect(stream.text).toContain(`id: 2\ndata: ${JSON.stringify(body)}\n\n`);
  });

  it('goes on after the last event that a client has seen', async () => {
    settle();
    const reserved = await order('wait=10');
    const again = new Stream(reserved, '0');
    await again.tells(['1', 'reserved']);
    const seen = new Stream(reserved, '1');
    await vi.waitFor(() => expect(watched()).toBe(1));
    await api.http.delete(`/orders/${reserved.orderId}`).expect(200);
    await seen.tells(['2', 'cancelled']);
    await again.tells(['1', 'reserved'], ['2', 'cancelled']);
  });

  it('has nothing more for a client that has seen the end, which must not come back', async () => {
    settle();
    const cancelled = await order('wait=10');
    await api.http.delete(`/orders/${cancelled.orderId}`).expect(200);
    expect((await new Stream(cancelled, '2').response).status).toBe(204);
    const late = new Stream(cancelled);
    await late.tells(['2', 'cancelled']);
    await late.ends();
  });

  it('ignores an id that is none of its own', async () => {
    const stream = new Stream(await order(), 'x1');
    await stream.tells(['0', 'queued']);
    stream.leave();
  });

  it('finds a change itself when the message is lost', async () => {
    settle({ announces: false });
    const reserved = await order('wait=10');
    const stream = new Stream(reserved);
    await stream.tells(['1', 'reserved']);
    await api.http.delete(`/orders/${reserved.orderId}`).expect(200);
    await stream.tells(['1', 'reserved'], ['2', 'cancelled']);
  });

  it('forgets a client that went away', async () => {
    const stream = new Stream(await order());
    await stream.tells(['0', 'queued']);
    expect(watched()).toBe(1);
    stream.leave();
    await vi.waitFor(() => expect(watched()).toBe(0), { timeout: 5_000 });
  });

  it('sends something now and then, so that the connection is not taken for dead', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    try {
      const stream = new Stream(await order());
      await stream.tells(['0', 'queued']);
      vi.advanceTimersByTime(15_000);
      await vi.waitFor(() => expect(stream.text).toMatch(/\n: still here\n/), { timeout: 5_000 });
      stream.leave();
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends when the replica shuts down: the client finds another', async () => {
    const leaving = await Api.start();
    const { id } = await leaving.sale();
    const { body } = await leaving.checkout(id).expect(202);
    const stream = new Stream(body as OrderView, undefined, leaving.url);
    await stream.tells(['0', 'queued']);
    await leaving.stop();
    await stream.ends();
  });

  it('answers HEAD with the headers alone: it watches nothing, and the connection is free for what comes next', async () => {
    const { orderId } = await order();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (method: 'head' | 'get', path: string) => api.http[method](path).agent(agent).timeout(5_000);
    for (let i = 0; i < 2; i++) {
      const { headers } = await ask('head', `/orders/${orderId}/events`).expect(200);
      expect(headers['content-type']).toBe('text/event-stream');
      expect(watched()).toBe(0);
    }
    await ask('get', `/orders/${orderId}`).expect(200);
    await ask('head', `/orders/${randomUUID()}/events`).expect(404);
    agent.destroy();
  });

  it('needs an order', async () => {
    await api.http.get(`/orders/${randomUUID()}/events`).expect(problem('ORDER_NOT_FOUND'));
    await api.http.get('/orders/42/events').expect(problem('VALIDATION_FAILED'));
  });
});
