import { fingerprintOf } from '@app/orders';
import type { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import type { Keys } from './keys.js';
import { saleSkuOf, type QueuedOrder } from './queue.js';

const ADMIT = readFileSync(new URL('./admit.lua', import.meta.url), 'utf8');
/** How long a sale's counters are kept after they changed last. What is in the queue stays as long as it is there. */
export const COUNTS_TTL_SECONDS = 7 * 86_400;

/**
 * What the script says: `open` is a checkout that it only looked at; of an `unsure` one, Redis may have forgotten the key; of an
 * `uncounted` one, the units have to be counted first.
 */
export type Answer =
  | 'accepted'
  | 'queued'
  | 'replayed'
  | 'mismatched'
  | 'sold-out'
  | 'insufficient'
  | 'not-admitted'
  | 'full'
  | 'open'
  | 'unsure'
  | 'uncounted';

/** What the script has to know before it decides. */
export type Question = 'unsure' | 'uncounted';

/**
 * What became of a checkout: accepted into the queue; the replay of one that is `queued`, or that is not (`replayed`: it is
 * settled); `unreplicated`: it is in the queue, and too few replicas of Redis have said that they know; or refused.
 */
export type Admission = Exclude<Answer, 'open' | Question> | 'unreplicated';

/** What Postgres knows of an order: its row, or nothing; `first` if it has no order of the sale at all. */
export type Stored = 'stored' | 'unstored' | 'first';

export interface AdmissionOptions {
  /** The order enters the queue although its key is known; if it is settled, it keeps its outcome. */
  readonly anew?: boolean;
  /** Redis key of who may buy: a sorted set, buyer -> until when, in milliseconds of Redis's clock. Absent: everybody may. */
  readonly guests?: string;
}

/** A checkout that is to be decided about. */
export interface Request extends AdmissionOptions {
  readonly order: QueuedOrder;
  /** Absent: Postgres was not asked. */
  readonly stored?: Stored;
  /** Its units were taken from the counter before. */
  readonly taken?: boolean;
}

export interface AdmitCommands extends Redis {
  checkoutAdmit(args: readonly (string | number)[]): Promise<Answer[]>;
}

/** How long keys are remembered, and how many orders may wait. */
export interface AdmissionBounds {
  /** How long an Idempotency-Key is compared with its first body. */
  readonly idempotencyTtlSeconds: number;
  /** Orders in the queue, and checkouts of this process on their way to it, beyond which new ones are refused. */
  readonly maxBacklog: number;
  /** Orders of one sale in the queue beyond which new ones of it are refused: the rest is for others. */
  readonly maxBacklogOfSale: number;
}

export function withAdmitScript(connection: Redis): AdmitCommands {
  connection.defineCommand('checkoutAdmit', { lua: ADMIT });
  return connection as AdmitCommands;
}

/** What the script is given, as its head says. Names that checkouts share are given once. */
export function admitArguments(
  requests: readonly Request[],
  { idempotencyTtlSeconds, maxBacklog, maxBacklogOfSale }: AdmissionBounds,
  keys: Keys,
  job: { readonly id: string; readonly key: string },
): (string | number)[] {
  const skus: string[] = [];
  const numbers = new Map<string, number>();
  const idempotencyKeys: string[] = [];
  const checkouts: (string | number)[] = [];
  for (const { order, anew, stored, taken, guests = keys.everybody } of requests) {
    const { saleId, sku, orderId, buyerId, quantity, counter } = order;
    const name = `${saleSkuOf(order)} ${guests}`;
    const number = numbers.get(name) ?? numbers.size + 1;
    if (number > numbers.size) {
      numbers.set(name, number);
      skus.push(
        keys.soldOut(saleId, sku),
        keys.pending(saleId, sku),
        keys.backlog(saleId),
        keys.memory(saleId),
        guests,
        counter ? keys.counter(saleId, sku) : keys.everybody,
        keys.counted(saleId, sku),
      );
    }
    idempotencyKeys.push(keys.idempotency(saleId, orderId));
    const known = anew ? 'anew' : (stored ?? '');
    checkouts.push(number, orderId, fingerprintOf(order), buyerId, known, quantity, taken ? 'taken' : '');
  }
  const names = [keys.queued, job.key, keys.deadLetters, keys.everybody, ...skus, ...idempotencyKeys];
  const bounds = [maxBacklog, maxBacklogOfSale, idempotencyTtlSeconds, COUNTS_TTL_SECONDS];
  return [names.length, ...names, job.id, ...bounds, numbers.size, ...checkouts];
}
