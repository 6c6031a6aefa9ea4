import { OutcomeListener } from '@app/checkout-queue';
import type { OrderState } from '@app/orders';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { OrderView } from './order.schema.js';
import { OrdersService } from './orders.service.js';

/** In milliseconds: how often Postgres is asked, since messages get lost, and a replay on another replica gets none. */
const POLL_INTERVAL = 500;
/** One of so many looks also reads dead letters: they are rare, and most waits are shorter. */
const LOOKS_PER_REFUSALS = 10;

/** How long a client wants to wait. */
export interface ClientWait {
  readonly seconds: number;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** A message has the state of an order; Postgres has all of it. */
type Seen = OrderState | OrderView;
type Tell = (state?: Seen) => void;

/** Watches orders for the clients that wait for their outcome. */
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

  /** The channel on which workers tell this process outcomes. */
  get replyTo(): string {
    return this.listener.replica;
  }

  /** Orders that somebody watches. */
  get size(): number {
    return this.#watching.size;
  }

  /** The states of a settled order as they come, each any number of times. Completes when this process shuts down. */
  states(orderId: string): Observable<OrderState> {
    return new Observable((subscriber) =>
      this.#watch(orderId, (state) => (state ? subscriber.next(state) : subscriber.complete())),
    );
  }

  /** Waits from now on for a wanted state. `state` resolves to undefined when the wait is over, or by `stop`. */
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

  /** Tells all that wait, now or later, that nothing more will come. */
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

  /** One query for all that wait, while anybody does. */
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
