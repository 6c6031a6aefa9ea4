import { announceEnding, RestockReminders } from '@app/checkout-queue';
import { Payments, type Refund } from '@app/payments';
import { Shards } from '@app/servers';
import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import type { OrderView } from '../orders/order.schema.js';
import { OrdersService } from '../orders/orders.service.js';
import type { ClientWait } from '../orders/order-watch.js';

/** In milliseconds: between two looks whether the units are back. */
const LOOK_MS = 50;

@Injectable()
export class RefundsService {
  constructor(
    private readonly payments: Payments,
    private readonly orders: OrdersService,
    private readonly reminders: RestockReminders,
    private readonly shards: Shards,
  ) {}

  /**
   * Refunds a paid order. If its units are to come back and the client waits less than that takes, they will all the same.
   *
   * @throws {ProblemError}
   */
  async refund(orderId: string, refund: Refund, wait: ClientWait): Promise<OrderView> {
    const { status } = await this.orders.get(orderId);
    if (!(await fromPostgres(this.payments.refund(orderId, refund))))
      throw new ProblemError('ORDER_NOT_REFUNDABLE', `It is ${status}: there is no money to send back.`);
    let order = await this.orders.get(orderId);
    if (status === 'paid') void announceEnding(this.shards, [order]).catch(() => undefined);
    if (!refund.restock) return order;
    // Without Redis it waits until a worker sweeps.
    if (!order.restockedAt) await this.reminders.remind([orderId], 0, order).catch(() => undefined);
    const until = performance.now() + wait.seconds * 1_000;
    while (!order.restockedAt && performance.now() < until && !wait.signal.aborted) {
      await sleep(LOOK_MS);
      order = await this.orders.get(orderId);
    }
    return order;
  }
}
