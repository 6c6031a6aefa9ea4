import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataDirectory, nextName } from '../../../local/services/service.js';
import type { Stack } from '../../../local/stack/stack.js';
import { now } from '../../clock.js';
import { k6For, runK6, type K6Summary } from '../../k6.js';

/** An order that a buyer was promised. */
export interface Accepted {
  readonly orderId: string;
  readonly buyerId: string;
  /** By the answer: he was told that it is reserved, or only that it is accepted. */
  readonly status: 'reserved' | 'accepted';
  /** When the answer came, in milliseconds since the epoch. */
  readonly at: number;
  /** How long that answer took, in milliseconds. */
  readonly ms: number;
}

export interface Load {
  readonly strategy: string;
  /** Arrivals a second, and for how many seconds. */
  readonly rate: number;
  readonly seconds: number;
  readonly stock: number;
  /** For how many seconds a buyer waits for his outcome. Absent: he goes once his order is accepted. */
  readonly wait?: number;
  /** For how many seconds nobody may be served without a buyer too few. */
  readonly outage?: number;
}

export interface Sold extends K6Summary {
  readonly orders: readonly Accepted[];
  /** The first answers that were neither an acceptance nor a refusal that a buyer may get. */
  readonly complaints: readonly string[];
}

const ACCEPTED =
  /(?<orderId>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (?<buyerId>buyer-\d+) (?<status>20[12]) (?<at>\d+) (?<ms>\d+)/g;
const COMPLAINT = /Unexpected answer to a checkout: [^"\\]*/g;

/** Sends buyers with k6, and lets something happen once the first ones are served. Resolves to what both came to. */
export async function whileBuyersCome<Result>(
  stack: Stack,
  load: Load,
  happens: (beganAt: number) => Promise<Result>,
): Promise<[Sold, Result]> {
  let begin = () => {};
  const begun = new Promise<number>((resolve) => (begin = () => resolve(now())));
  return Promise.all([sendBuyers(stack, load, begin), begun.then(happens)]);
}

async function sendBuyers(stack: Stack, load: Load, onArrival: () => void): Promise<Sold> {
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
      ...(load.wait && { WAIT: load.wait }),
      ...(load.outage && { OUTAGE: load.outage }),
    },
    directory,
    output,
    onRequests: (requests) => requests > 0 && onArrival(),
  });
  const log = await readFile(output, 'utf8');
  return {
    ...sent,
    orders: [...log.matchAll(ACCEPTED)].map(({ groups }) => acceptedFrom(groups!)),
    complaints: [...new Set(log.match(COMPLAINT))],
  };
}

const acceptedFrom = ({ orderId, buyerId, status, at, ms }: Record<string, string>): Accepted => ({
  orderId: orderId!,
  buyerId: buyerId!,
  status: status === '201' ? 'reserved' : 'accepted',
  at: Number(at),
  ms: Number(ms),
});

const ANSWER_MS = 10_000;
/** A replica whose connection to Redis fell silent with the last outage has a new one after 10 s; a busy machine takes longer. */
const BACK_MS = 30_000;
const PAUSE_MS = 500;

/** Every buyer asks again with the key of the first time, until he is told. Returns what was answered otherwise than it should be. */
export async function askAgain(stack: Stack, saleId: string, orders: readonly Accepted[]): Promise<string[]> {
  const wrong: string[] = [];
  const left = [...orders];
  const patientUntil = performance.now() + BACK_MS;
  const ask = async ({
    orderId,
    buyerId,
  }: Pick<Accepted, 'orderId' | 'buyerId'>): Promise<string | undefined> => {
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
    const told = JSON.parse(answer) as Partial<Record<'orderId' | 'status' | 'sku' | 'quantity', unknown>>;
    const isAway = response.status === 503 && response.headers.has('Retry-After');
    // Postgres had no time to tell, so the order is queued anew, which has no effect.
    const isQueued = response.status === 202 && told.status === 'queued' && told.orderId === orderId;
    if ((isAway || isQueued) && performance.now() < patientUntil) {
      await sleep(PAUSE_MS);
      return ask({ orderId, buyerId });
    }
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
