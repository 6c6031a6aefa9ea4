// Every call of the HTTP contract once, the refusals included.
import { check } from 'k6';
import http from 'k6/http';
import type { Options } from 'k6/options';
import {
  apiUrl,
  createSale,
  getAudit,
  postCheckout,
  postPayment,
  postSale,
  requestAudit,
  requireReadyTarget,
} from './lib/api.ts';
import type { TextResponse } from './lib/api.ts';
import { summaryOf, summaryTrendStats } from './lib/summary.ts';
import { recordTruth, teardownTimeout, truthThresholds } from './lib/truth.ts';

const items = [
  { sku: 'keyboard', stock: 3 },
  { sku: 'mouse', stock: 1 },
];

export const options: Options = {
  scenarios: { smoke: { executor: 'shared-iterations', vus: 1, iterations: 1, maxDuration: '60s' } },
  thresholds: { checks: ['rate==1'], ...truthThresholds },
  summaryTrendStats,
  teardownTimeout,
};

export function setup() {
  requireReadyTarget();
  return { saleId: createSale(items) };
}

export default function ({ saleId }: ReturnType<typeof setup>) {
  operations();
  sales(saleId);
  const orderId = checkouts(saleId);
  orders(orderId, saleId);
  payments(orderId);
  cancellations(saleId);
  audit(saleId);
}

export function teardown({ saleId }: ReturnType<typeof setup>) {
  recordTruth(saleId);
}

export const handleSummary = summaryOf('smoke');

function operations(): void {
  for (const path of ['/health/live', '/docs', '/docs-json']) expectStatus(get(path), 200, path);
  // A load balancer keeps these to those inside: all of them or none.
  const ready = get('/health/ready');
  expectStatus(ready, ready.status === 404 ? 404 : 200, '/health/ready');
  expectStatus(get('/metrics'), ready.status, '/metrics');
}

function sales(saleId: string): void {
  expectProblem(
    postSale({ name: 'smoke', items }, { 'Content-Type': 'application/json' }),
    401,
    'a sale without the key',
  );
  expectProblem(postSale({ name: 'smoke', items, strategy: 'no-such-strategy' }), 422, 'an unknown strategy');
  expectProblem(postSale({ items }), 400, 'a sale without a name');
  expectStatus(get('/sales'), 200, 'the sales');
  const sale = get(`/sales/${saleId}`);
  expectStatus(sale, 200, 'the sale');
  check(sale, { 'the sale has its items': ({ json }) => json('items.#') === items.length });
  expectProblem(get('/sales/00000000-0000-4000-8000-000000000000'), 404, 'an unknown sale');
}

/** @returns the id of an order that was accepted. */
function checkouts(saleId: string): string {
  const one = { sku: 'keyboard', quantity: 1, buyerId: 'smoke' };
  const key = (value: string) => ({ 'Idempotency-Key': `${saleId}-${value}` });

  const first = postCheckout(0, saleId, one, key('first'));
  expectStatus(first, 202, 'a checkout');
  const orderId = first.json('orderId') as string;
  check(first, { 'a checkout names its order': ({ headers }) => headers.Location === `/orders/${orderId}` });

  // The replay goes to another replica where there is one: the promise is the service's, not the process's.
  const replay = postCheckout(1, saleId, one, key('first'));
  expectStatus(replay, 202, 'a replay');
  check(replay, { 'a replay is the same order': ({ json }) => json('orderId') === orderId });
  expectProblem(postCheckout(1, saleId, { ...one, quantity: 2 }, key('first')), 422, 'a key used twice');

  const wait = { Prefer: 'wait=5' };
  const mouse = { ...one, sku: 'mouse' };
  expectStatus(postCheckout(0, saleId, mouse, { ...key('mouse'), ...wait }), 201, 'a checkout that waits');
  expectProblem(
    postCheckout(0, saleId, mouse, { ...key('late'), ...wait }),
    409,
    'a checkout of what is sold out',
    'SOLD_OUT',
  );

  expectProblem(postCheckout(0, saleId, one, {}), 400, 'a checkout without a key');
  expectProblem(postCheckout(0, saleId, { ...one, quantity: 0 }, key('zero')), 400, 'a quantity of 0');
  expectProblem(postCheckout(0, saleId, { ...one, sku: 'monitor' }, key('sku')), 404, 'an unknown SKU');
  return orderId;
}

function orders(orderId: string, saleId: string): void {
  const order = get(`/orders/${orderId}`);
  expectStatus(order, 200, 'the order');
  check(order, { 'the order belongs to its sale': ({ json }) => json('saleId') === saleId });
  expectProblem(get('/orders/00000000-0000-4000-8000-000000000000'), 404, 'an unknown order');
}

function payments(orderId: string): void {
  expectProblem(postPayment(0, orderId, ''), 400, 'a payment without a token');
  expectProblem(postPayment(0, orderId, 'tok_declined'), 402, 'a declined payment', 'PAYMENT_DECLINED');
  expectStatus(postPayment(0, orderId, 'tok_visa'), 200, 'a payment');
  expectStatus(postPayment(1, orderId, 'tok_visa'), 200, 'the same payment at another replica');
  expectProblem(postPayment(0, orderId, 'tok_other'), 409, 'a second payment', 'ORDER_NOT_PAYABLE');
  expectProblem(cancel(orderId), 409, 'the cancellation of a paid order', 'ORDER_NOT_CANCELLABLE');
  const events = get(`/orders/${orderId}/events`);
  expectStatus(events, 200, 'the events of a paid order');
  check(events, { 'the events end with paid': ({ body }) => body.includes('"status":"paid"') });
}

function cancellations(saleId: string): void {
  const headers = { 'Idempotency-Key': `${saleId}-cancelled`, Prefer: 'wait=5' };
  const reserved = postCheckout(0, saleId, { sku: 'keyboard', quantity: 2, buyerId: 'smoke' }, headers);
  const orderId = reserved.json('orderId') as string;
  const cancelled = cancel(orderId);
  expectStatus(cancelled, 200, 'a cancellation');
  check(cancelled, { 'the order is cancelled': ({ json }) => json('status') === 'cancelled' });
  expectProblem(postPayment(0, orderId, 'tok_visa'), 409, 'a payment of a cancelled order');
}

function cancel(orderId: string): TextResponse {
  return http.del(`${apiUrl(0)}/orders/${orderId}`, null, { responseType: 'text' });
}

function audit(saleId: string): void {
  check(getAudit(saleId), { 'the audit knows the stock': ({ initial }) => initial === 4 });
  expectProblem(requestAudit('00000000-0000-4000-8000-000000000000'), 404, 'the audit of an unknown sale');
  expectProblem(get(`/sales/${saleId}/audit`), 401, 'an audit without the key');
}

function get(path: string): TextResponse {
  return http.get(`${apiUrl(0)}${path}`, { responseType: 'text' });
}

function expectStatus(response: TextResponse, status: number, what: string): void {
  if (check(response, { [`${what}: ${status}`]: () => response.status === status })) return;
  console.error(`${what}: got ${response.status} ${response.body}`);
}

/** A refusal is a problem document (RFC 9457) with a stable code. */
function expectProblem(response: TextResponse, status: number, what: string, code?: string): void {
  expectStatus(response, status, what);
  check(response, {
    [`${what}: a problem document`]: ({ headers }) =>
      headers['Content-Type']?.startsWith('application/problem+json') ?? false,
    [`${what}: with a code`]: ({ json }) => (code ? json('code') === code : typeof json('code') === 'string'),
  });
}
