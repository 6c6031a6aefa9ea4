import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Charge, PaymentProvider } from './provider.js';

/** The token says how the provider behaves. Any other token is charged at once. */
const DECLINED = /^tok_declined/;
/** Takes the money and loses the answer. Asked again, it answers. */
const TIMEOUT = /^tok_timeout/;
/** Takes nothing and never answers. */
const UNREACHABLE = /^tok_unreachable/;
/** Takes the money after so many milliseconds. */
const SLOW = /^tok_slow-(\d{1,5})/;

/** A row is a charge, or a refund, which keeps a late charge from being made. */
const CHARGE_SQL = `
  INSERT INTO payment_provider.charges (key, units, amount, currency, status) VALUES ($1, $2, $3, $4, 'charged')
  ON CONFLICT (key) DO NOTHING RETURNING status`;
const BOOKED_SQL = 'SELECT status FROM payment_provider.charges WHERE key = $1';
const REFUND_SQL = `
  INSERT INTO payment_provider.charges (key, units, status) VALUES ($1, 0, 'refunded')
  ON CONFLICT (key) DO UPDATE SET status = 'refunded'`;

interface Booking {
  readonly status: 'charged' | 'refunded';
}

/** Behaves like a provider behind a network, as the token asks. It keeps its books apart from the orders. */
export class SimulatedProvider implements PaymentProvider {
  constructor(private readonly pool: Pool) {}

  async charge(
    { paymentId, units, amount, currency, token }: Charge,
    signal: AbortSignal,
  ): Promise<'charged' | 'declined'> {
    if (UNREACHABLE.test(token)) return noAnswer(signal);
    await sleep(Number(SLOW.exec(token)?.[1] ?? 0), undefined, { signal });
    if (DECLINED.test(token)) return 'declined';
    const { rowCount } = await this.pool.query(CHARGE_SQL, [paymentId, units, amount, currency]);
    if (rowCount === 1 && TIMEOUT.test(token)) return noAnswer(signal);
    const { rows } = await this.pool.query<Booking>(BOOKED_SQL, [paymentId]);
    return rows[0]!.status === 'charged' ? 'charged' : 'declined';
  }

  async refund(paymentId: string): Promise<void> {
    await this.pool.query(REFUND_SQL, [paymentId]);
  }
}

const HOUR_MS = 3_600_000;
const noAnswer = (signal: AbortSignal) => sleep(HOUR_MS, undefined as never, { signal });
