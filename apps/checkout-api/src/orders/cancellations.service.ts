import { RestockReminders } from '@app/checkout-queue';
import { poolOf } from '@app/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import { WaitingRoomService } from '../waiting-room/waiting-room.service.js';
import type { OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';
import { OrderWatch, type ClientWait } from './order-watch.js';

/** From now on the order can no longer be paid, and is due: a worker restocks its units. */
const CANCEL_SQL = `
  UPDATE orders SET cancel_requested = true, expires_at = least(expires_at, clock_timestamp())
  WHERE id = $1 AND status = 'reserved' AND NOT cancel_requested`;

@Injectable()
export class CancellationsService {
  constructor(
    private readonly orders: OrdersService,
    private readonly watch: OrderWatch,
    private readonly reminders: RestockReminders,
    private readonly waitingRoom: WaitingRoomService,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * Cancels a reservation, and waits until its units are restocked. If the client waits less, the order is still `reserved`; it
   * will be cancelled all the same.
   *
   * @throws {ProblemError}
   */
  async cancel(orderId: string, wait: ClientWait): Promise<OrderView> {
    const order = await this.orders.get(orderId);
    if (order.status !== 'reserved') return cancelled(order);
    const { state, stop } = this.watch.until(orderId, wait, ({ status }) => status !== 'reserved');
    try {
      await fromPostgres(poolOf(this.dataSource).query(CANCEL_SQL, [orderId]));
      // Without Redis it waits until a worker sweeps.
      await this.reminders.remind([orderId], 0, order).catch(() => undefined);
      await this.waitingRoom.orderEnded(order);
      await state;
    } finally {
      stop();
    }
    const now = await this.orders.get(orderId);
    return now.status === 'reserved' ? now : cancelled(now);
  }
}

function cancelled(order: OrderView): OrderView {
  if (order.status === 'cancelled') return order;
  const { status } = order;
  const detail =
    status === 'queued' ? 'It is not settled yet. Try again in a moment.' : `It is ${status} already.`;
  throw new ProblemError('ORDER_NOT_CANCELLABLE', detail);
}
