import { isPassing, type Shard, type Shards } from '@app/servers';
import type { OrderState, OrderStatus, Outcome } from '@app/orders';
import type { Redis } from 'ioredis';
import { channels, keysOf } from './keys.js';
import type { OfSku, QueuedOrder } from './queue.js';
import { outcomeCommands } from './scripts.js';

/** How long a SKU counts as sold out after a worker last found it so, in seconds. The mark only spares the queue. */
const SOLD_OUT_SECONDS = 5;
/** How long it is remembered when units came back: longer than a worker can stall between what it saw and telling of it. */
const REOPENED_SECONDS = 86_400;

/** A SKU counts as moving for this long after any worker has settled something of it, in milliseconds. */
const MOVES_MS = 500;

/** A reservation that ended, or that is paid. */
export interface OrderEnding {
  readonly orderId: string;
  readonly status: OrderStatus;
}

/** An order, and what is to be told of it. */
export interface Announcement {
  readonly order: QueuedOrder;
  readonly outcome: Outcome;
}

/** A row of a SKU's stock as it was after so many writes. */
export interface RowVersion {
  readonly stripe: number;
  readonly version: string;
}

/**
 * Called by a worker: tells what a committed batch came to. All its orders are of one SKU. It is one step, so that an order which is
 * no longer queued is not delivered again.
 *
 * @param soldOutAt the versions of the SKU's rows, by stripe, at which nothing was left; absent: something is
 * @param letter the dead letter that they become
 */
export async function announce(
  shards: Shards,
  settled: readonly Announcement[],
  soldOutAt: readonly string[] = [],
  letter = '',
): Promise<void> {
  const { saleId, sku } = settled[0]!.order;
  const { redis, prefix } = shards.of(saleId);
  const keys = keysOf(prefix);
  await outcomeCommands(redis).checkoutAnnounce(
    keys.queued,
    keys.pending(saleId, sku),
    keys.backlog(saleId),
    keys.memory(saleId),
    keys.soldOut(saleId, sku),
    keys.reopened(saleId, sku),
    keys.moves(saleId, sku),
    keys.deadLetters,
    keys.counter(saleId, sku),
    keys.counted(saleId, sku),
    soldOutAt.join(),
    SOLD_OUT_SECONDS,
    keys.idempotency(saleId, ''),
    MOVES_MS,
    letter,
    settled[0]!.order.counter ? settled.map(({ outcome }) => ('reason' in outcome ? '+' : '-')).join('') : '',
    settled.length,
    ...settled.map(({ order }) => order.orderId),
    ...messagesOf(settled),
  );
}

/**
 * Called by a worker: units of a SKU came back, so it is not sold out any more. Tells what became of their orders; none of them is a
 * dead letter any longer.
 */
export async function announceReturn(
  shards: Shards,
  sku: OfSku,
  { ended, ...row }: { readonly ended: readonly OrderEnding[] } & RowVersion,
): Promise<void> {
  const { redis, prefix } = shards.of(sku.saleId);
  await Promise.all([
    announceUnits(shards, sku, [row]),
    redis.hdel(keysOf(prefix).deadLetters, ...ended.map(({ orderId }) => orderId)),
  ]);
  await tellEnding(redis, ended);
}

/** Called by a worker: there are units in these rows of a SKU, so it is not sold out any more. */
export async function announceUnits(shards: Shards, sku: OfSku, rows: readonly RowVersion[]): Promise<void> {
  const shard = shards.of(sku.saleId);
  await Promise.all([
    shard.redis.set(keysOf(shard.prefix).moves(sku.saleId, sku.sku), '', 'PX', MOVES_MS),
    reopen(shard, sku, rows),
  ]);
}

/** Units were seen at these versions of a SKU's rows. Resolves to whether it was marked as sold out by an older view. */
export async function reopen(
  { redis, prefix }: Shard,
  { saleId, sku }: OfSku,
  versions: readonly RowVersion[],
): Promise<boolean> {
  const keys = keysOf(prefix);
  const outdated = await outcomeCommands(redis).checkoutReopen(
    keys.soldOut(saleId, sku),
    keys.reopened(saleId, sku),
    REOPENED_SECONDS,
    ...versions.flatMap(({ stripe, version }) => [stripe, version]),
  );
  return outdated === 1;
}

/** Tells what became of reservations whose units stay where they are. */
export const announceEnding = (shards: Shards, orders: readonly OrderEnding[]): Promise<void> =>
  tellEnding(shards.any, orders);

async function tellEnding(redis: Redis, orders: readonly OrderEnding[]): Promise<void> {
  await redis.publish(channels.endings, endings(orders));
}

const endings = (orders: readonly OrderEnding[]) =>
  JSON.stringify(orders.map(({ orderId, status }) => [orderId, { status }]));

/** Channels and what is said there: to each replica the outcomes that its clients wait for. */
function messagesOf(settled: readonly Announcement[]): string[] {
  const replies = new Map<string, [orderId: string, Outcome][]>();
  for (const { order, outcome } of settled) {
    // What was settled before may be another order by its content, and may have come further: its row tells.
    if (order.replyTo === undefined || outcome.before) continue;
    const list = replies.get(order.replyTo) ?? [];
    replies.set(order.replyTo, list);
    list.push([order.orderId, outcome]);
  }
  return [...replies].flatMap(([replica, outcomes]) => [
    channels.outcomes(replica),
    JSON.stringify(outcomes),
  ]);
}

/** The API's side: hears what its own clients wait for. Messages can get lost; the order in Postgres cannot. */
export class OutcomeListener {
  readonly #waiting = new Map<string, Set<(state: OrderState) => void>>();

  constructor(
    private readonly subscriber: Redis,
    readonly replica: string,
  ) {
    subscriber.on('message', (_, message: string) => {
      for (const [orderId, state] of JSON.parse(message) as [string, OrderState][]) {
        this.#waiting.get(orderId)?.forEach((tell) => tell(state));
      }
    });
  }

  /** Resolves once it hears, however long Redis keeps it waiting; after each reconnect it listens again. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: Error) => {
        if (!isPassing(error)) reject(error);
        this.subscriber.disconnect(true);
      };
      const listen = () =>
        this.subscriber
          .subscribe(channels.outcomes(this.replica), channels.endings)
          .then(() => resolve(), onError);
      this.subscriber.on('ready', () => void listen());
      if (this.subscriber.status === 'ready') void listen();
    });
  }

  /** Calls `tell` with whatever is heard of the order. Returns the function that stops listening. */
  on(orderId: string, tell: (state: OrderState) => void): () => void {
    const listeners = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, listeners.add(tell));
    return () => {
      listeners.delete(tell);
      if (listeners.size === 0) this.#waiting.delete(orderId);
    };
  }
}
