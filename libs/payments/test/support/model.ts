import type { OrderRequest } from '@app/orders';
import type { PaymentResult } from '../../src/index.js';
import type { Death } from './mortal-provider.js';

export const TOKENS = ['tok_a', 'tok_b', 'tok_declined', 'tok_timeout', 'tok_unreachable'] as const;
export type Token = (typeof TOKENS)[number];

/** An order as it should be. */
export interface ModelOrder {
  readonly order: OrderRequest;
  status: 'reserved' | 'paid' | 'expired' | 'cancelled' | 'rejected';
  /** What it ends as when it is restocked; absent while its buyer may pay. */
  due?: 'expired' | 'cancelled';
  readonly payments: Map<Token, 'started' | 'charged' | 'declined' | 'over'>;
  /** Tokens for which the provider took money, whoever knows it. */
  readonly taken: Set<Token>;
}

/** What has to hold, without a database. */
export class Model {
  readonly orders: ModelOrder[] = [];

  constructor(readonly initial: number) {}

  get available(): number {
    const live = this.orders.filter(({ status }) => status === 'reserved' || status === 'paid');
    return this.initial - live.reduce((sum, { order }) => sum + order.quantity, 0);
  }

  reserve(order: OrderRequest) {
    const status = order.quantity <= this.available ? 'reserved' : 'rejected';
    this.orders.push({ order, status, payments: new Map(), taken: new Set() });
    return status;
  }

  restock() {
    for (const each of this.orders) if (each.status === 'reserved' && each.due) each.status = each.due;
  }

  /** The result, or `unknown` when the provider's answer does not come, or its caller dies. */
  pay(each: ModelOrder, token: Token, death?: Death): PaymentResult | 'unknown' {
    const payable = each.status === 'reserved' && !each.due;
    const known = each.payments.get(token);
    if (known === 'charged') return 'paid';
    if (known === 'declined') return 'declined';
    if (known === 'over') return 'not-payable';
    if (!known && [...each.payments.values()].includes('started')) return 'in-progress';
    if (!payable) {
      if (known) each.payments.set(token, 'over');
      return 'not-payable';
    }
    each.payments.set(token, 'started');
    if (death === 'before the charge' || token === 'tok_unreachable') return 'unknown';
    if (token !== 'tok_declined') {
      const answers = token !== 'tok_timeout' || each.taken.has(token);
      each.taken.add(token);
      if (!answers) return 'unknown';
    }
    if (death) return 'unknown';
    if (token === 'tok_declined') {
      each.payments.set(token, 'declined');
      return 'declined';
    }
    each.payments.set(token, 'charged');
    each.status = 'paid';
    return 'paid';
  }

  /** Payments that nobody finished go on, as if their buyer asked again; the money of those that are over goes back. */
  resume() {
    for (const each of this.orders) {
      for (const [token, payment] of each.payments) {
        if (payment === 'over') each.taken.delete(token);
        if (payment === 'started') this.pay(each, token);
      }
    }
  }
}
