import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataDirectory, nextName } from '../../../../local/services/service.js';
import type { Stack } from '../../../../local/stack/stack.js';
import { k6For, runK6, type K6Summary } from '../../../k6.js';

/** An order for which a buyer got a 202. */
export interface Accepted {
  readonly orderId: string;
  readonly buyerId: string;
}

export interface Load {
  readonly strategy: string;
  /** Arrivals a second, and for how many seconds. */
  readonly rate: number;
  readonly seconds: number;
  readonly stock: number;
}

export interface Sold extends K6Summary {
  readonly orders: readonly Accepted[];
  /** The first answers that were neither an acceptance nor a refusal that a buyer may get. */
  readonly complaints: readonly string[];
}

const ACCEPTED = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (buyer-\d+)/g;
const COMPLAINT = /Unexpected answer to a checkout: [^"\\]*/g;

/** Sends buyers with k6. `onArrival` is called once the first ones are served. */
export async function sendBuyers(stack: Stack, load: Load, onArrival: () => void): Promise<Sold> {
  const directory = await dataDirectory(nextName('buyers'));
  const output = join(directory, 'orders.log');
  const sent = await runK6(await k6For(stack), {
    script: 'outages.ts',
    env: {
      API_URLS: stack.apiUrls.join(','),
      STRATEGY: load.strategy,
      RATE: load.rate,
      DURATION: load.seconds,
      STOCK: load.stock,
    },
    directory,
    output,
    onRequests: (requests) => requests > 0 && onArrival(),
  });
  const log = await readFile(output, 'utf8');
  return {
    ...sent,
    orders: [...log.matchAll(ACCEPTED)].map(([, orderId, buyerId]) => ({
      orderId: orderId!,
      buyerId: buyerId!,
    })),
    complaints: [...new Set(log.match(COMPLAINT))],
  };
}

const ANSWER_MS = 10_000;
/** A replica whose connection to Redis fell silent with the last outage has a new one after 10 s; a busy machine takes longer. */
const BACK_MS = 30_000;
const PAUSE_MS = 500;

/** Every buyer asks again with the key of the first time, until he is told. Returns what was answered otherwise than it should be. */
export async function askAgain(stack: Stack, saleId: string, orders: readonly Accepted[]): Promise<string[]> {
  const wrong: string[] = [];
  const left = [...orders];
  const patientUntil = performance.now() + BACK_MS;
  const ask = async ({ orderId, buyerId }: Accepted): Promise<string | undefined> => {
    const response = await fetch(
      `${stack.apiUrls[left.length % stack.apiUrls.length]}/sales/${saleId}/checkouts`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `${saleId}-${buyerId}` },
        body: JSON.stringify({ sku: 'hot', quantity: 1, buyerId }),
        signal: AbortSignal.timeout(ANSWER_MS),
      },
    );
    const answer = await response.text();
    if (response.status === 503 && response.headers.has('Retry-After') && performance.now() < patientUntil) {
      await sleep(PAUSE_MS);
      return ask({ orderId, buyerId });
    }
    const told = JSON.parse(answer) as Partial<Record<'orderId' | 'status' | 'sku' | 'quantity', unknown>>;
    const settled = told.status === 'reserved' || told.status === 'rejected';
    const same = told.orderId === orderId && told.sku === 'hot' && told.quantity === 1;
    return response.status === 202 && settled && same ? undefined : `${response.status} ${answer}`;
  };
  const one = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const told = await ask(next).catch(String);
      if (told) wrong.push(`order ${next.orderId}, asked for again: ${told}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  return wrong;
}
