import type { OrderRequest } from '@app/orders';
import type { PerShard, Shards } from '@app/servers';
import type { Queue } from 'bullmq';
import type { Admission, AdmissionOptions } from './admit-script.js';
import type { RowVersion } from './outcomes.js';
import type { CheckoutJob, OfSku, QueuedOrder } from './queue.js';
import { ShardAdmissions, type AdmissionRules } from './shard-admissions.js';

/** The API's side of the queue. A shard that does not answer keeps nobody waiting who buys in a sale of another one. */
export class Admissions {
  readonly #of: PerShard<ShardAdmissions>;

  /** @param entrances for orders alone, since a connection that waits for replicas does nothing else meanwhile */
  constructor(shards: Shards, rules: AdmissionRules, entrances = shards) {
    this.#of = shards.map((shard, i) => new ShardAdmissions(shard, rules, entrances.all[i]!));
  }

  get queues(): PerShard<Queue<CheckoutJob>> {
    return this.#of.map(({ queue }) => queue);
  }

  /** See {@link ShardAdmissions.admit}. */
  admit(order: QueuedOrder, options?: AdmissionOptions): Promise<Admission> {
    return this.#of.of(order.saleId).admit(order, options);
  }

  /** See {@link ShardAdmissions.isKnown}. */
  isKnown(order: QueuedOrder): Promise<boolean | undefined> {
    return this.#of.of(order.saleId).isKnown(order);
  }

  /** An order that is accepted and not settled. */
  find(orderId: string): Promise<OrderRequest | undefined> {
    return this.#of.find((shard) => shard.find(orderId));
  }

  /** Orders that are accepted and not settled. */
  backlog(): Promise<number> {
    return this.#of.sum((shard) => shard.backlog());
  }

  /** The same of a sale, per SKU. */
  pending(saleId: string, skus: readonly string[]): Promise<Map<string, number>> {
    return this.#of.of(saleId).pending(saleId, skus);
  }

  /** See {@link ShardAdmissions.reopen}. */
  reopen(saleId: string, sku: string, versions: readonly RowVersion[]): Promise<boolean> {
    return this.#of.of(saleId).reopen(saleId, sku, versions);
  }

  /** See {@link recount}. */
  recount(sku: OfSku): Promise<number | undefined> {
    return this.#of.of(sku.saleId).recount(sku);
  }

  /** Notes checkouts that were refused as sold out although there were units. */
  noteRefusedWithStock(saleId: string, sku: string, checkouts: number): Promise<void> {
    return this.#of.of(saleId).noteRefusedWithStock(saleId, sku, checkouts);
  }

  /** Checkouts that were refused as sold out although there were units, by SKU; a SKU without any is absent. */
  refusedWithStock(saleId: string): Promise<Map<string, number>> {
    return this.#of.of(saleId).refusedWithStock(saleId);
  }
}
