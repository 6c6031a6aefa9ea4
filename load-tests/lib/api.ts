import { sleep } from 'k6';
import { test } from 'k6/execution';
import http, { type RefinedResponse } from 'k6/http';
import { config } from './config.ts';

export type TextResponse = RefinedResponse<'text'>;

export interface Item {
  sku: string;
  stock: number;
}

export interface AuditTotal {
  initial: number;
  available: number;
  held: number;
  sold: number;
  rejected: number;
  pending: number;
  oversold: number;
  undersold: number;
  refusedWithStock: number;
  lostUpdates: number;
  conserved: boolean;
}

const json = { 'Content-Type': 'application/json' };
const admin = { ...json, Authorization: `Bearer ${config.adminKey}` };

/** The replica that serves the n-th request. */
export const apiUrl = (n: number) => config.apiUrls[n % config.apiUrls.length]!;

/** Seconds that a target may take: a network policy lets a new pod through only some time after its start. */
const READY_WITHIN = 20;

/** Ends the test unless every replica is ready soon. */
export function requireReadyTarget(): void {
  let left = READY_WITHIN;
  for (const url of config.apiUrls) {
    for (let hindrance = hindranceAt(url); hindrance; hindrance = hindranceAt(url)) {
      if (left-- === 0) test.abort(`The target ${url} ${hindrance}. Start one with: npm start`);
      sleep(1);
    }
  }
}

/** A load balancer keeps readiness to those inside, and passes nothing to a replica that is not ready. */
function hindranceAt(url: string): string | undefined {
  const ask = (path: string) => http.get(`${url}${path}`, { responseType: 'text' });
  let response = ask('/health/ready');
  if (response.status === 404) response = ask('/health/live');
  if (response.status === 200) return undefined;
  return response.status === 0 ? `does not answer (${response.error})` : `is not ready: ${response.body}`;
}

export interface SaleRules {
  reservationTtlSeconds?: number;
  startsAt?: string;
  waitingRoom?: { places: number; placeTtlSeconds: number };
}

/** Ends the test unless the sale was created, or was there by the same key. */
export function createSale(items: Item[], rules: SaleRules = {}): string {
  const name = config.saleName || `load test under ${config.strategy}`;
  const headers = config.saleKey ? { ...admin, 'Idempotency-Key': config.saleKey } : admin;
  const response = postSale({ name, strategy: config.strategy, items, ...rules }, headers);
  if (response.status === 401) test.abort('The target refused ADMIN_KEY.');
  if (response.status !== 201) test.abort(`No sale was created: ${response.status} ${response.body}`);
  return response.json('id') as string;
}

export function postSale(body: object, headers: Record<string, string> = admin): TextResponse {
  return http.post(`${apiUrl(0)}/sales`, JSON.stringify(body), { headers, responseType: 'text' });
}

/** The newest sale of this name. Ends the test if there is none. */
export function newestSale(name: string): string {
  const response = http.get(`${apiUrl(0)}/sales?limit=100`, { responseType: 'text' });
  if (response.status !== 200) test.abort(`The sales cannot be read: ${response.status} ${response.body}`);
  const sales = response.json() as unknown as { id: string; name: string }[];
  const sale = sales.find((each) => each.name === name);
  if (!sale) test.abort(`None of the newest sales is called ${name}.`);
  return sale!.id;
}

export interface Checkout {
  sku: string;
  quantity: number;
  buyerId: string;
}

/** One checkout at the replica of its number `n`, for whose answer k6 waits a minute unless `timeout` says less. */
export function postCheckout(
  n: number,
  saleId: string,
  checkout: Checkout,
  headers: Record<string, string>,
  timeout = '60s',
): TextResponse {
  return http.post(`${apiUrl(n)}/sales/${saleId}/checkouts`, JSON.stringify(checkout), {
    headers: { ...json, ...headers },
    responseType: 'text',
    timeout,
    tags: { name: 'POST /sales/:saleId/checkouts' },
  });
}

/** Enters the waiting room, or asks again, at the replica of its number `n`. */
export function postWaitingRoom(n: number, saleId: string, buyerId: string): TextResponse {
  return http.post(`${apiUrl(n)}/sales/${saleId}/waiting-room`, JSON.stringify({ buyerId }), {
    headers: json,
    responseType: 'text',
    tags: { name: 'POST /sales/:saleId/waiting-room' },
  });
}

export function deleteWaitingRoom(n: number, saleId: string, buyerId: string): TextResponse {
  return http.del(`${apiUrl(n)}/sales/${saleId}/waiting-room?buyerId=${buyerId}`, null, {
    responseType: 'text',
    tags: { name: 'DELETE /sales/:saleId/waiting-room' },
  });
}

/** Pays an order at the replica of its number `n`. */
export function postPayment(
  n: number,
  orderId: string,
  token: string,
  headers: Record<string, string> = {},
): TextResponse {
  return http.post(`${apiUrl(n)}/orders/${orderId}/payment`, JSON.stringify({ token }), {
    headers: { ...json, ...headers },
    responseType: 'text',
    tags: { name: 'POST /orders/:orderId/payment' },
  });
}

export const requestAudit = (saleId: string): TextResponse =>
  http.get(`${apiUrl(0)}/sales/${saleId}/audit`, { headers: admin, responseType: 'text' });

export function getAudit(saleId: string): AuditTotal {
  const response = requestAudit(saleId);
  if (response.status === 200) return response.json('total') as unknown as AuditTotal;
  throw new Error(`The audit of sale ${saleId} cannot be read: ${response.status} ${response.body}`);
}
