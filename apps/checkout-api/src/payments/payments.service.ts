import { announceEnding } from '@app/checkout-queue';
import { Payments, PaymentUnknownError, type PaymentOutcome, type PaymentResult } from '@app/payments';
import { Shards } from '@app/servers';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import type { OrderView } from '../orders/order.schema.js';
import { OrdersService } from '../orders/orders.service.js';
import { WaitingRoomService } from '../waiting-room/waiting-room.service.js';

type Result = PaymentResult | 'unknown';
type Outcome = Omit<PaymentOutcome, 'result'> & { readonly result: Result };

const REFUSALS = {
  declined: { code: 'PAYMENT_DECLINED', detail: 'The order is still reserved: try another token.' },
  'in-progress': {
    code: 'PAYMENT_IN_PROGRESS',
    detail: 'Repeat the token that was sent first to learn its result.',
  },
  exhausted: {
    code: 'PAYMENTS_EXHAUSTED',
    detail: 'Cancel it and buy anew, or let it expire.',
  },
  unknown: { code: 'PAYMENT_UNKNOWN', detail: 'Try again in a moment, with the same token.' },
} as const;

@Injectable()
export class PaymentsService {
  readonly #results = new Counter({
    name: 'payments_total',
    help: 'Payments that buyers asked for, by what they came to',
    labelNames: ['result'],
  });

  constructor(
    private readonly payments: Payments,
    private readonly orders: OrdersService,
    private readonly waitingRoom: WaitingRoomService,
    private readonly shards: Shards,
  ) {}

  /** @throws {ProblemError} */
  async pay(orderId: string, token: string): Promise<OrderView> {
    const { result, isReplay } = await fromPostgres(this.#pay(orderId, token));
    this.#results.inc({ result });
    if (result !== 'paid') throw await this.#refusal(result, orderId);
    const order = await this.orders.get(orderId);
    // A replay must not end a place that its buyer has got since.
    if (isReplay) return order;
    await this.waitingRoom.orderEnded(order);
    // If the message gets lost, followers of the order see it a little later.
    void announceEnding(this.shards, [{ orderId, status: 'paid' }]).catch(() => undefined);
    return order;
  }

  async #refusal(result: Exclude<Result, 'paid'>, orderId: string): Promise<ProblemError> {
    if (result === 'not-payable') return notPayable(await this.orders.get(orderId));
    const { code, detail } = REFUSALS[result];
    const headers = result === 'unknown' ? { 'retry-after': '1' } : undefined;
    return new ProblemError(code, detail, { headers });
  }

  async #pay(orderId: string, token: string): Promise<Outcome> {
    return this.payments.pay(orderId, token).catch((error: unknown) => {
      if (error instanceof PaymentUnknownError) return { result: 'unknown' as const, isReplay: false };
      throw error;
    });
  }
}

function notPayable({ status }: OrderView): ProblemError {
  const details: Partial<Record<OrderView['status'], string>> = {
    queued: 'It is not settled yet. GET it, or follow its events, until it is reserved.',
    reserved: 'Its time is over, or it is being cancelled. If it was charged, the money goes back.',
    paid: 'It is paid already, by another payment.',
  };
  const ended = `It is ${status}. If it was charged, the money goes back.`;
  return new ProblemError('ORDER_NOT_PAYABLE', details[status] ?? ended);
}
