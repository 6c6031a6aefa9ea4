import type { Pool, QueryResultRow } from 'pg';
import { v5 as uuidv5 } from 'uuid';
import {
  BEGIN_SQL,
  FINISH_SQL,
  LOOK_SQL,
  MOVE_SQL,
  OTHERS_SQL,
  REFUND_SQL,
  UNFINISHED_SQL,
} from './payments-sql.js';
import { PaymentUnknownError, type PaymentProvider } from './provider.js';

/** `started` until the provider's answer is booked. Only a `charged` payment keeps the money. */
type PaymentStatus = 'started' | 'charged' | 'declined' | 'refunding' | 'refunded';

/** The result of a payment; `in-progress`: another payment of the order is not finished; `exhausted`: it had too many before. */
export type PaymentResult = 'paid' | 'declined' | 'in-progress' | 'exhausted' | 'not-payable';

interface Payment {
  readonly id: string;
  readonly orderId: string;
  readonly status: PaymentStatus;
  readonly units: number;
  /** In minor units of the currency; null where the sale has no prices. */
  readonly amount: number | null;
  readonly currency: string | null;
  readonly token: string;
  /** Whether its order may still be paid. */
  readonly payable: boolean;
}

interface Others {
  readonly inProgress: boolean;
  readonly exhausted: boolean;
}

/** Why an admin refunds an order, and whether its units come back. */
export interface Refund {
  readonly restock: boolean;
  readonly admin: string;
  readonly reason?: string;
}

const RESULTS = {
  charged: 'paid',
  declined: 'declined',
  refunding: 'not-payable',
  refunded: 'not-payable',
} as const satisfies Record<Exclude<PaymentStatus, 'started'>, PaymentResult>;

const PAYMENT_NAMESPACE = 'e3b7a9f0-61d2-4c1b-8a53-0c8d5c7f2a41';
/** Most payments of one order. Somebody with a card or two needs fewer, somebody who finds out which cards work needs more. */
const MOST_PER_ORDER = 10;
/** Most unfinished payments resumed at a time. */
const MOST = 100;

/**
 * Takes payments, at most one for an order. Each has a row before the provider is asked. If the process dies, the row stays
 * `started`; the buyer's next try or `resume` then goes on with the same key at the provider.
 */
export class Payments {
  /** @param timeoutMs milliseconds until the provider's answer counts as lost */
  constructor(
    private readonly pool: Pool,
    private readonly provider: PaymentProvider,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Pays an order. The same token again is the same payment: same result, no second effect.
   *
   * @throws {PaymentUnknownError} nobody knows whether the money was taken; the same call again finds out
   */
  async pay(orderId: string, token: string): Promise<PaymentResult> {
    const id = uuidv5(JSON.stringify([orderId, token]), PAYMENT_NAMESPACE);
    await this.#query('begin payment', BEGIN_SQL, [id, orderId, token, MOST_PER_ORDER]);
    const result = await this.#finish(id);
    if (result) return result;
    const { rows } = await this.pool.query<Others>(OTHERS_SQL, [orderId, MOST_PER_ORDER]);
    if (rows[0]!.inProgress) return 'in-progress';
    return rows[0]!.exhausted ? 'exhausted' : 'not-payable';
  }

  /**
   * Sends the money of a paid order back, once. Resolves to whether the order is refunded; if the provider does not answer, `resume`
   * goes on with it.
   */
  async refund(orderId: string, { restock, admin, reason }: Refund): Promise<boolean> {
    const values = [orderId, restock, admin, reason];
    const { rows } = await this.pool.query<{ paymentId: string | null }>(REFUND_SQL, values);
    const [refunded] = rows;
    if (refunded?.paymentId) await this.#refund(refunded.paymentId).catch(() => undefined);
    return refunded !== undefined;
  }

  /**
   * Finishes what others left: refunds that are due, and payments started longer ago than a provider may take. Returns the orders
   * that became paid. What fails now is left for the next call.
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

  /** Leads the payment from its present state to its end. Resolves to undefined if there is no such payment. */
  async #finish(id: string): Promise<PaymentResult | undefined> {
    const { rows } = await this.#query<Payment>('look at payment', LOOK_SQL, [id]);
    const [payment] = rows;
    if (!payment) return undefined;
    if (payment.status !== 'started') return RESULTS[payment.status];
    // It may have been charged before its order ended: the refund finds out.
    if (!payment.payable) await this.#move(id, 'started', 'refunding');
    else if ((await this.#charge(payment)) === 'declined') await this.#move(id, 'started', 'declined');
    else await this.#query('finish payment', FINISH_SQL, [id]);
    return this.#finish(id);
  }

  #charge({ id, units, amount, currency, token }: Payment): Promise<'charged' | 'declined'> {
    const charging = this.provider.charge(
      { paymentId: id, units, token, ...(amount === null ? {} : { amount, currency: currency! }) },
      this.#patience(),
    );
    return charging.catch((cause: unknown) => {
      throw new PaymentUnknownError('the provider did not answer', { cause });
    });
  }

  async #refund(id: string): Promise<void> {
    await this.provider.refund(id, this.#patience());
    await this.#move(id, 'refunding', 'refunded');
  }

  async #move(id: string, from: PaymentStatus, to: PaymentStatus): Promise<void> {
    await this.#query('move payment', MOVE_SQL, [id, from, to]);
  }

  /** A statement of which every payment has one: Postgres plans it once. */
  #query<Row extends QueryResultRow>(name: string, text: string, values: unknown[]) {
    return this.pool.query<Row>({ name, text, values });
  }

  #patience(): AbortSignal {
    return AbortSignal.timeout(this.timeoutMs);
  }
}

const valueOf = (result: PromiseSettledResult<unknown>) =>
  result.status === 'fulfilled' ? result.value : undefined;
