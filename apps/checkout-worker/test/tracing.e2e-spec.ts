import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { Collector } from './support/collector.js';
import { startedStack } from './support/started-stack.js';

let collector: Collector;
let stack: Stack;
let saleId: string;
beforeAll(async () => {
  collector = await Collector.start();
  stack = await startedStack({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOG_LEVEL: 'debug' });
  saleId = await new Shopper(stack).openSale('redis', 500);
});
afterAll(async () => {
  await stack.stop();
  await collector.stop();
});

/** Buys one unit, as part of a trace of the buyer's. */
async function buy(quantity = 1) {
  const traceId = randomBytes(16).toString('hex');
  const callerId = randomBytes(8).toString('hex');
  const response = await fetch(`${stack.apiUrls[0]}/sales/${saleId}/checkouts`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
      prefer: 'wait=10',
      traceparent: `00-${traceId}-${callerId}-01`,
    },
    body: JSON.stringify({ sku: 'hot', quantity, buyerId: randomUUID() }),
  });
  expect(response.status).toBe(201);
  const { orderId } = (await response.json()) as { orderId: string };
  return { traceId, callerId, orderId };
}

const ROUTE = 'POST /sales/:saleId/checkouts';
const settled = [ROUTE, 'enqueue', 'settle'];
const held = ['lock wait', 'lock hold', 'critical section'];

it('a checkout is one tree of spans, from the HTTP call in the API to the critical section in the worker', async () => {
  const { traceId, callerId, orderId } = await buy(2);
  const spans = await collector.trace(traceId, ...settled, ...held);
  const named = (name: string) => {
    const found = spans.filter((span) => span.name === name);
    expect(found).toHaveLength(1);
    return found[0]!;
  };
  const parents = Object.fromEntries(
    spans.map(({ name, parentSpanId }) => [name, spans.find((span) => span.spanId === parentSpanId)?.name]),
  );
  expect(parents).toEqual({
    [ROUTE]: undefined,
    enqueue: ROUTE,
    settle: 'enqueue',
    'lock wait': 'settle',
    'lock hold': 'settle',
    'critical section': 'lock hold',
  });
  expect(named(ROUTE)).toMatchObject({
    parentSpanId: callerId,
    service: 'checkout-api',
    attributes: { 'http.request.method': 'POST', 'http.response.status_code': 201 },
  });
  expect(named('enqueue')).toMatchObject({
    service: 'checkout-api',
    attributes: { 'order.id': orderId, 'checkout.admission': 'accepted' },
  });
  expect(named('settle')).toMatchObject({
    service: 'checkout-worker',
    attributes: { 'order.id': orderId, 'sale.id': saleId, 'order.status': 'reserved' },
  });
  const lock = { 'lock.resource': `${saleId}:hot`, 'lock.driver': 'redis' };
  expect(named('lock wait').attributes).toMatchObject(lock);
  expect(named('lock hold').attributes).toMatchObject({
    ...lock,
    'lock.token': expect.stringMatching(/^\d+$/) as string,
  });
  expect(named('critical section')).toMatchObject({
    service: 'checkout-worker',
    attributes: { 'batch.size': 1, 'batch.reserved': 1, 'batch.rejected': 0 },
  });
});

it('an order that is settled together with others is linked with the critical section that settled it', async () => {
  const orders = await Promise.all(Array.from({ length: 40 }, () => buy()));
  const traces = await Promise.all(orders.map(({ traceId }) => collector.trace(traceId, ...settled)));
  const all = traces.flat();
  const sections = all.filter(({ name }) => name === 'critical section');
  expect(sections.length).toBeLessThan(orders.length);
  for (const settle of all.filter(({ name }) => name === 'settle')) {
    const own = sections.filter(({ traceId }) => traceId === settle.traceId);
    const linked = sections.filter(({ links = [] }) => links.some(({ spanId }) => spanId === settle.spanId));
    const [section] = [...own, ...linked];
    expect(section).toBeDefined();
    if (linked.length > 0) expect(settle.links?.map(({ spanId }) => spanId)).toContain(section!.spanId);
  }
  const sizes = sections.map(({ attributes }) => Number(attributes['batch.size']));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(orders.length);
});

it('a log line of an order carries its id and the id of its trace', async () => {
  const { traceId, orderId } = await buy();
  await vi.waitFor(async () => {
    const lines = (await readFile(stack.workers[0]!.logFile, 'utf8')).split('\n');
    const line = JSON.parse(lines.find((each) => each.includes(orderId)) ?? '{}') as object;
    expect(line).toMatchObject({ msg: 'settled', orderId, saleId, trace_id: traceId, status: 'reserved' });
  });
});
