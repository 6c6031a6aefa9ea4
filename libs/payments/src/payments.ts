import type { Pool } from 'pg';
import { v5 as uuidv5 } from 'uuid';
import {
  BEGIN_SQL,
  FINISH_SQL,
  IN_PROGRESS_SQL,
  LOOK_SQL,
  MOVE_SQL,
  UNFINISHED_SQL,
} from './payments-sql.js';
import { PaymentUnknownError, type PaymentProvider } from './provider.js';

/** `started` until the provider's answer is booked. Money is kept only where it ends as `charged`. */
type PaymentStatus = 'started' | 'charged' | 'declined' | 'refunding' | 'refunded';

/** What a payment came to; `in-progress`: another one of the order is not finished. */
export type PaymentResult = 'paid' | 'declined' | 'in-progress' | 'not-payable';

interface Payment {
  readonly id: string;
  readonly orderId: string;
  readonly status: PaymentStatus;
  readonly units: number;
  readonly token: string;
  /** Whether its order may still be paid. */
  readonly payable: boolean;
}

const RESULTS = {
  charged: 'paid',
  declined: 'declined',
  refunding: 'not-payable',
  refunded: 'not-payable',
} as const satisfies Record<Exclude<PaymentStatus, 'started'>, PaymentResult>;

const PAYMENT_NAMESPACE = 'e3b7a9f0-61d2-4c1b-8a53-0c8d5c7f2a41';
/** Unfinished payments taken up at a time. */
const MOST = 100;

/**
 * Has orders paid, each at most once. A payment has a row before the provider is asked, so whoever dies on the way leaves it
 * `started`: the buyer's next try, or `resume`, goes on from there, with the same key at the provider.
 */
export class Payments {
  /** @param timeoutMs milliseconds until the provider's answer counts as lost */
  constructor(
    private readonly pool: Pool,
    private readonly provider: PaymentProvider,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Pays an order. The same token again is the same payment: it has the same result, and no second effect.
   *
   * @throws {PaymentUnknownError} it is not known whether the money was taken; the same call again finds out
   */
  async pay(orderId: string, token: string): Promise<PaymentResult> {
    const id = uuidv5(JSON.stringify([orderId, token]), PAYMENT_NAMESPACE);
    await this.pool.query(BEGIN_SQL, [id, orderId, token]);
    const result = await this.#finish(id);
    if (result) return result;
    const { rowCount } = await this.pool.query(IN_PROGRESS_SQL, [orderId]);
    return rowCount === 0 ? 'not-payable' : 'in-progress';
  }

  /**
   * Finishes what others left: refunds what is due, and takes up payments that are started for longer than a provider may
   * take. What fails now is left for the next time. Returns the orders that became paid.
   */
  async resume(): Promise<string[]> {
    const values = [(2 * this.timeoutMs) / 1_000, MOST];
    const { rows } = await this.pool.query<Pick<Payment, 'id' | 'orderId' | 'status'>>(
      UNFINISHED_SQL,
      values,
    );
    const results = await Promise.allSettled(
      rows.map(({ id, status }) => (status === 'refunding' ? this.#refund(id) : this.#finish(id))),
    );
    return rows.filter((_, i) => valueOf(results[i]!) === 'paid').map(({ orderId }) => orderId);
  }

  /** From wherever the payment is to its end. Undefined if there is no such payment. */
  async #finish(id: string): Promise<PaymentResult | undefined> {
    const { rows } = await this.pool.query<Payment>(LOOK_SQL, [id]);
    const [payment] = rows;
    if (!payment) return undefined;
    if (payment.status !== 'started') return RESULTS[payment.status];
    // It may have been charged before its order ended: its refund finds out.
    if (!payment.payable) await this.#move(id, 'started', 'refunding');
    else if ((await this.#charge(payment)) === 'declined') await this.#move(id, 'started', 'declined');
    else await this.pool.query(FINISH_SQL, [id]);
    return this.#finish(id);
  }

  #charge({ id, units, token }: Payment): Promise<'charged' | 'declined'> {
    const charging = this.provider.charge({ paymentId: id, units, token }, this.#patience());
    return charging.catch((cause: unknown) => {
      throw new PaymentUnknownError('the provider did not answer', { cause });
    });
  }

  async #refund(id: string): Promise<void> {
    await this.provider.refund(id, this.#patience());
    await this.#move(id, 'refunding', 'refunded');
  }

  async #move(id: string, from: PaymentStatus, to: PaymentStatus): Promise<void> {
    await this.pool.query(MOVE_SQL, [id, from, to]);
  }

  #patience(): AbortSignal {
    return AbortSignal.timeout(this.timeoutMs);
  }
}

const valueOf = (result: PromiseSettledResult<unknown>) =>
  result.status === 'fulfilled' ? result.value : undefined;
