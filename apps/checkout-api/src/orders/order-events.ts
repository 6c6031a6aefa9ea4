import type { OrderStatus } from '@app/orders';
import { Injectable, type MessageEvent } from '@nestjs/common';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  endWith,
  filter,
  from,
  interval,
  map,
  merge,
  of,
  takeUntil,
  takeWhile,
  tap,
  timer,
} from 'rxjs';
import type { Observable } from 'rxjs';
import type { OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';
import { OrderWatch } from './order-watch.js';

/** In milliseconds. Proxies cut silent connections, often after half a minute. */
const HEARTBEAT_INTERVAL = 15_000;

/** In milliseconds: Node takes no longer timer. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How far an order is. It is the id of the event, so that a client that comes back says what it has seen. */
function progressOf(status: OrderStatus): number {
  if (status === 'queued') return 0;
  return status === 'reserved' ? 1 : LAST;
}
export const LAST = 2;

/** Streams the states of an order to its client: the present one first, each once, until the last. */
@Injectable()
export class OrderEvents {
  constructor(
    private readonly orders: OrdersService,
    private readonly watch: OrderWatch,
  ) {}

  /**
   * Streams only states beyond `seen`.
   *
   * @param until when to end at the latest, in milliseconds since 1970
   */
  of(order: OrderView, seen: number, until = Infinity): Observable<MessageEvent> {
    const isNews = ({ status }: Pick<OrderView, 'status'>) => progressOf(status) > seen;
    const look = () => from(this.orders.get(order.orderId)).pipe(catchError(() => EMPTY));
    const states = concat(
      of(order),
      this.watch.states(order.orderId).pipe(filter(isNews), concatMap(look)),
    ).pipe(
      filter(isNews),
      tap(({ status }) => (seen = progressOf(status))),
      map((data): MessageEvent => ({ id: String(seen), data })),
      takeWhile(({ id }) => id !== String(LAST), true),
      endWith(undefined),
    );
    const heartbeat = interval(HEARTBEAT_INTERVAL).pipe(map((): MessageEvent => ({ comment: 'still here' })));
    const atLatest = timer(Math.min(until - Date.now(), LONGEST_TIMER));
    return merge(states, heartbeat).pipe(
      takeWhile((event) => event !== undefined),
      takeUntil(atLatest),
    );
  }
}
