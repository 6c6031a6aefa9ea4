import {
  announce,
  announceReturn,
  announceUnits,
  checkoutWorkers,
  restockWorkers,
  type CheckoutJob,
  type QueuedOrder,
  type RestockJob,
} from '@app/checkout-queue';
import { carryOut, dueOf, Reservations, type LockingOptions } from '@app/inventory';
import { oneShard } from '@app/servers';
import type { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';

interface SettlerOptions {
  readonly perBuyerLimit?: number;
  readonly reservationTtlSeconds?: number;
  /** Whether it tells the API what it settled; messages can get lost. */
  readonly announces?: boolean;
}

/** Settles the orders in the queue, and restocks what is due, without a lock: with one conditional update per batch. */
export class Settler {
  readonly #redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null });
  readonly #shards = oneShard(this.#redis);
  readonly #pool = new pg.Pool({ connectionString: inject('databaseUrl') });
  readonly #workers: readonly Worker<CheckoutJob>[];
  readonly #restockers: readonly Pick<Worker, 'close'>[];
  #stopped: Promise<void> | undefined;

  constructor({ perBuyerLimit, reservationTtlSeconds, announces = true }: SettlerOptions = {}) {
    const locking: LockingOptions = {
      signal: new AbortController().signal,
      lockOptions: () => ({ ttl: 1_000 }),
      lockOf: (strategy) => {
        throw new Error(`${strategy} needs a lock`);
      },
    };
    const reservations = new Reservations<QueuedOrder>({
      ...locking,
      pool: this.#pool,
      batchSize: 64,
      maxHold: 20,
      inFlight: 64,
      onCommit: async (orders, { outcomes, available }) => {
        if (!announces) return;
        const settled = orders.map((order, i) => ({ order, outcome: outcomes[i]! }));
        await announce(
          this.#shards,
          settled,
          available === 0 ? await this.#versionsOf(orders[0]!) : undefined,
        );
      },
      onRestock: async (saleId, sku, restocked) => {
        if (announces) await announceReturn(this.#shards, { saleId, sku }, restocked);
      },
    });
    const rules = {
      strategy: 'conditional-update',
      stripes: 1,
      perBuyerLimit: perBuyerLimit ?? null,
      reservationTtlSeconds,
    } as const;
    this.#workers = checkoutWorkers(this.#shards, (order) => reservations.reserve(order, rules), {
      maxOrders: 4_096,
    });
    const restock = async ({ orderIds, adjustmentId: id, saleId, sku }: RestockJob) => {
      if (id !== undefined) {
        const ofSku = { saleId: saleId!, sku: sku! };
        const adjusted = await carryOut({ ...locking, pool: this.#pool }, { id, ...ofSku }, rules);
        const fuller = adjusted.filter(({ units }) => units > 0);
        if (announces && fuller.length > 0) await announceUnits(this.#shards, ofSku, fuller);
        return true;
      }
      const due = await dueOf(this.#pool, orderIds);
      await Promise.all(due.map((order) => reservations.restock(order, rules)));
      return due.length > 0;
    };
    this.#restockers = restockWorkers(this.#shards, restock, { concurrency: 4 });
  }

  async #versionsOf({ saleId, sku }: QueuedOrder): Promise<string[]> {
    const { rows } = await this.#pool.query<{ version: string }>(
      'SELECT version FROM stock WHERE sale_id = $1 AND sku = $2 ORDER BY stripe',
      [saleId, sku],
    );
    return rows.map(({ version }) => version);
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#workers, ...this.#restockers].map((worker) => worker.close()));
    this.#redis.disconnect();
    await this.#pool.end();
  }
}

/** A {@link Settler} until the test is finished. */
export function settle(options?: SettlerOptions): Settler {
  const settler = new Settler(options);
  onTestFinished(() => settler.stop());
  return settler;
}
