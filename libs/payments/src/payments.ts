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

type EndedPaymentStatus = Exclude<PaymentStatus, 'started'>;

/** The result of a payment; `in-progress`: another payment of the order is not finished; `exhausted`: it had too many before. */
export type PaymentResult = 'paid' | 'declined' | 'in-progress' | 'exhausted' | 'not-payable';

/** What a payment came to; as a replay, it had come to that before. */
export interface PaymentOutcome {
  readonly result: PaymentResult;
  readonly isReplay: boolean;
}

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

interface Finished {
  readonly status: EndedPaymentStatus;
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
} as const satisfies Record<EndedPaymentStatus, PaymentResult>;

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
  async pay(orderId: string, token: string): Promise<PaymentOutcome> {
    const id = paymentIdOf(orderId, token);
    const values = [id, orderId, token, MOST_PER_ORDER];
    const { rows: begun } = await this.#query<Payment>('begin payment', BEGIN_SQL, values);
    const payment = begun[0] ?? (await this.#look(id));
    if (payment) return this.#finish(payment);
    const { rows } = await this.pool.query<Others>(OTHERS_SQL, [orderId, MOST_PER_ORDER]);
    if (rows[0]!.inProgress) return { result: 'in-progress', isReplay: false };
    return { result: rows[0]!.exhausted ? 'exhausted' : 'not-payable', isReplay: false };
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
      rows.map(({ id, status }) => (status === 'refunding' ? this.#refund(id) : this.#resume(id))),
    );
    return rows.filter((_, i) => valueOf(results[i]!) === 'paid').map(({ orderId }) => orderId);
  }

  async #resume(id: string): Promise<PaymentResult> {
    return (await this.#finish((await this.#look(id))!)).result;
  }

  /** Leads the payment to its end, unless somebody else does at the same time. */
  async #finish(payment: Payment): Promise<PaymentOutcome> {
    const { id, status } = payment;
    if (status !== 'started') return { result: RESULTS[status], isReplay: true };
    const finished = await this.#step(payment);
    if (finished) return { result: RESULTS[finished], isReplay: false };
    return this.#finish((await this.#look(id))!);
  }

  /** Resolves to the state that the payment is in now; to undefined if somebody else was faster. */
  async #step(payment: Payment): Promise<EndedPaymentStatus | undefined> {
    // It may have been charged before its order ended: the refund finds out.
    if (!payment.payable) return this.#move(payment.id, 'started', 'refunding');
    if ((await this.#charge(payment)) === 'declined') return this.#move(payment.id, 'started', 'declined');
    const { rows } = await this.#query<Finished>('finish payment', FINISH_SQL, [payment.id]);
    return rows[0]?.status;
  }

  async #look(id: string): Promise<Payment | undefined> {
    const { rows } = await this.#query<Payment>('look at payment', LOOK_SQL, [id]);
    return rows[0];
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

  async #move(
    id: string,
    from: PaymentStatus,
    to: EndedPaymentStatus,
  ): Promise<EndedPaymentStatus | undefined> {
    const { rows } = await this.#query<Finished>('move payment', MOVE_SQL, [id, from, to]);
    return rows[0]?.status;
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

/** An order whose id has version 8 stands beside others of its sale in an index. Its payments do so, too: their ids begin alike. */
function paymentIdOf(orderId: string, token: string): string {
  const id = uuidv5(JSON.stringify([orderId, token]), PAYMENT_NAMESPACE);
  const beginning = '01234567-89ab-8'.length;
  return orderId[beginning - 1] === '8' ? orderId.slice(0, beginning) + id.slice(beginning) : id;
}
