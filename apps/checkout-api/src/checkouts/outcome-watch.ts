import { OutcomeListener } from '@app/checkout-queue';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { OrderView } from '../orders/order.schema.js';
import { OrdersService } from '../orders/orders.service.js';

/** Messages get lost, and another replica's replay gets none: Postgres is asked this often, in milliseconds. */
const POLL_INTERVAL = 500;

export type SettledState = Pick<OrderView, 'status' | 'reason'>;
type Tell = (state?: SettledState) => void;

/** Waits for outcomes on behalf of the clients that prefer to. */
@Injectable()
export class OutcomeWatch implements BeforeApplicationShutdown {
  readonly #waiting = new Map<string, Set<Tell>>();
  #polling = false;
  #closing = false;

  constructor(
    private readonly listener: OutcomeListener,
    private readonly orders: OrdersService,
  ) {}

  /** Where workers send the outcomes that this process waits for. */
  get replyTo(): string {
    return this.listener.replica;
  }

  /** Orders that somebody waits for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Starts to wait for an order. `outcome` resolves when it is settled, or with nothing once `stop` is called. */
  start(orderId: string): { readonly outcome: Promise<SettledState | undefined>; readonly stop: () => void } {
    const { promise, resolve } = withResolvers<SettledState | undefined>();
    const unlisten = this.listener.on(orderId, (outcome) => tell(outcome));
    const tells = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, tells);
    const tell: Tell = (state) => {
      if (!tells.delete(tell)) return;
      unlisten();
      if (tells.size === 0) this.#waiting.delete(orderId);
      resolve(state);
    };
    tells.add(tell);
    if (this.#closing) tell();
    else this.#poll();
    return { outcome: promise, stop: () => tell() };
  }

  /** Whoever waits, now or from now on, is answered that the order is queued. */
  beforeApplicationShutdown(): void {
    this.#closing = true;
    for (const tells of this.#waiting.values()) for (const tell of tells) tell();
  }

  /** One query for all that wait, for as long as anybody does. */
  #poll() {
    if (this.#polling) return;
    this.#polling = true;
    setTimeout(() => {
      void this.#look().finally(() => {
        this.#polling = false;
        if (this.#waiting.size > 0) this.#poll();
      });
    }, POLL_INTERVAL);
  }

  async #look() {
    if (this.#waiting.size === 0) return;
    // While Postgres is down nothing is settled either.
    const settled = await this.orders.settled([...this.#waiting.keys()]).catch(() => []);
    for (const order of settled) {
      for (const tell of this.#waiting.get(order.orderId) ?? []) tell(order);
    }
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((given) => (resolve = given));
  return { promise, resolve };
}
