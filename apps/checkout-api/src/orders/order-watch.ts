import { OutcomeListener } from '@app/checkout-queue';
import type { OrderState } from '@app/orders';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';

/** Messages get lost, and another replica's replay gets none: Postgres is asked this often, in milliseconds. */
const POLL_INTERVAL = 500;
/** Of so many looks one is at dead letters too: an order is seldom refused for good, and most waits are shorter. */
const LOOKS_PER_REFUSALS = 10;

/** How long a client wants to wait. */
export interface ClientWait {
  readonly seconds: number;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** What is heard of an order is its state; what is seen of it is all of it. */
type Seen = OrderState | OrderView;
type Tell = (state?: Seen) => void;

/** Watches settled orders on behalf of the clients that wait for what becomes of them. */
@Injectable()
export class OrderWatch implements BeforeApplicationShutdown {
  readonly #watching = new Map<string, Set<Tell>>();
  #polling = false;
  #looks = 0;
  #closing = false;

  constructor(
    private readonly listener: OutcomeListener,
    private readonly orders: OrdersService,
  ) {}

  /** Where workers send the outcomes that this process waits for. */
  get replyTo(): string {
    return this.listener.replica;
  }

  /** Orders that somebody watches. */
  get size(): number {
    return this.#watching.size;
  }

  /** The states of a settled order as they are heard or seen, each any number of times. Completes when this process shuts down. */
  states(orderId: string): Observable<OrderState> {
    return new Observable((subscriber) =>
      this.#watch(orderId, (state) => (state ? subscriber.next(state) : subscriber.complete())),
    );
  }

  /** Waits, from this call on, for a state that is wanted. `state` is undefined once that time is over, or `stop` is called. */
  until(
    orderId: string,
    { seconds, signal }: ClientWait,
    wanted: (state: OrderState) => boolean = () => true,
  ): { readonly state: Promise<Seen | undefined>; readonly stop: () => void } {
    const { promise, resolve } = withResolvers<Seen | undefined>();
    const unwatch = this.#watch(orderId, (state) => {
      if (!state || wanted(state)) resolve(state);
    });
    const stop = () => {
      clearTimeout(timer);
      unwatch();
      resolve(undefined);
    };
    const timer = setTimeout(stop, seconds * 1_000);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    return { state: promise, stop };
  }

  /** Whoever waits, now or from now on, is told that there is nothing more to come from here. */
  beforeApplicationShutdown(): void {
    this.#closing = true;
    for (const tells of this.#watching.values()) for (const tell of tells) tell();
  }

  #watch(orderId: string, tell: Tell): () => void {
    const unlisten = this.listener.on(orderId, tell);
    const tells = this.#watching.get(orderId) ?? new Set();
    this.#watching.set(orderId, tells.add(tell));
    if (this.#closing) tell();
    else this.#poll();
    return () => {
      unlisten();
      if (tells.delete(tell) && tells.size === 0) this.#watching.delete(orderId);
    };
  }

  /** One query for all that wait, for as long as anybody does. */
  #poll() {
    if (this.#polling) return;
    this.#polling = true;
    setTimeout(() => {
      void this.#look().finally(() => {
        this.#polling = false;
        if (this.#watching.size > 0) this.#poll();
      });
    }, POLL_INTERVAL);
  }

  async #look() {
    if (this.#watching.size === 0) return;
    const watched = [...this.#watching.keys()];
    const looking =
      ++this.#looks % LOOKS_PER_REFUSALS === 0 ? this.orders.settled(watched) : this.orders.stored(watched);
    const settled = await looking.catch(() => []); // while Postgres is down nothing is settled either
    for (const order of settled) {
      for (const tell of this.#watching.get(order.orderId) ?? []) tell(order);
    }
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((given) => (resolve = given));
  return { promise, resolve };
}
