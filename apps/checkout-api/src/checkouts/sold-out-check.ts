import { Admissions, type QueuedOrder, type RowVersion } from '@app/checkout-queue';
import { poolOf } from '@app/database';
import { AVAILABLE } from '@app/inventory';
import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter } from 'prom-client';
import { DataSource } from 'typeorm';

/** Milliseconds between two looks at a SKU whose checkouts are refused. */
const LOOK_MS = 1_000;
/** Milliseconds that a worker may take from its commit until it announces that units came back. */
const TOLD_MS = 250;
const LOOKUP_TIMEOUT = 1_000;

const ROWS = {
  name: 'rows-of-sku',
  text: `SELECT stripe, version, ${AVAILABLE} AS available FROM stock WHERE sale_id = $1 AND sku = $2`,
  query_timeout: LOOKUP_TIMEOUT,
};

type StockRow = RowVersion & { readonly available: number };

/**
 * While checkouts are refused as sold out, looks into Postgres now and then. If there are units that nobody announced, it reopens
 * the SKU and counts the checkouts refused meanwhile. A counter in Redis is put right before.
 */
@Injectable()
export class SoldOutCheck {
  /** Refused checkouts of each SKU, since its look began. */
  readonly #refused = new Map<string, number>();
  readonly #wrongly = new Counter({
    name: 'checkouts_refused_with_stock_total',
    help: 'Checkouts refused as sold out while there were units',
  });
  readonly #off = new Counter({
    name: 'stock_counter_off_units_total',
    help: 'Units by which counters of sales with redis-counter were off when they were compared with Postgres',
  });

  constructor(
    private readonly admissions: Admissions,
    private readonly dataSource: DataSource,
  ) {}

  refused(order: QueuedOrder): void {
    const name = `${order.saleId}:${order.sku}`;
    const before = this.#refused.get(name);
    this.#refused.set(name, (before ?? 0) + 1);
    if (before !== undefined) return;
    const looked = this.#look(order, () => this.#refused.get(name)!);
    // While a server is away nothing is sold, and nothing is known.
    void looked.catch(() => undefined).finally(() => this.#refused.delete(name));
  }

  async #look({ saleId, sku, counter }: QueuedOrder, refused: () => number): Promise<void> {
    if (counter === 'one-step')
      this.#off.inc(Math.abs((await this.admissions.recount({ saleId, sku })) ?? 0));
    const query = poolOf(this.dataSource).query<StockRow>({ ...ROWS, values: [saleId, sku] });
    const { rows } = await query;
    const available = rows.reduce((sum, row) => sum + row.available, 0);
    if (available <= 0) return sleep(LOOK_MS, undefined, { ref: false });
    const before = refused();
    await sleep(TOLD_MS);
    if (!(await this.admissions.reopen(saleId, sku, rows))) return;
    const wrongly = refused() - before;
    this.#wrongly.inc(wrongly);
    await this.admissions.noteRefusedWithStock(saleId, sku, wrongly);
  }
}
