import { setTimeout as sleep } from 'node:timers/promises';
import { readAudit } from '../truth/audit.js';
import { brokenPromises, type Truth } from '../truth/broken-promises.js';
import type { Compose } from './compose.js';

/** Seconds that orders may still wait once nobody buys any more. */
const DRAIN_SECONDS = 60;

/** What a run of `outages` broke, as sentences. Every order that was accepted has to be settled, and no other. */
export async function brokenBy(compose: Compose, output: string): Promise<string[]> {
  const saleId = /outages, sale ([0-9a-f-]{36})/.exec(output)?.[1];
  if (!saleId) return ['k6 names no sale'];
  const accepted = new Set([...output.matchAll(/([0-9a-f-]{36}) buyer-\d/g)].map(([, orderId]) => orderId!));
  const stack = { apiUrls: [compose.url], adminKey: compose.adminKey };
  const until = performance.now() + DRAIN_SECONDS * 1_000;
  let total = await readAudit<Omit<Truth, 'ended'> & { pending: number }>(stack, saleId);
  while (total.pending > 0 && performance.now() < until) {
    await sleep(250);
    total = await readAudit(stack, saleId);
  }
  const ended = await settledOf(compose, saleId);
  const lost = [...accepted].filter((orderId) => !ended.has(orderId));
  const broken = brokenPromises('audit', true, accepted.size, { ...total, ended: ended.size });
  return lost.length > 0 ? [...broken, `${lost.length} accepted orders are lost`] : broken;
}

async function settledOf({ url, adminKey }: Compose, saleId: string): Promise<Set<string>> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const response = await fetch(`${url}/sales/${saleId}/orders/export`, { headers });
  if (!response.ok) throw new Error(`no orders: ${response.status} ${await response.text()}`);
  const lines = (await response.text()).split('\n').filter(Boolean);
  return new Set(lines.map((line) => (JSON.parse(line) as { orderId: string }).orderId));
}
