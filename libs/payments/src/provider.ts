/** What the provider shall take: the price of the order, or where its sale has none, what a number of units costs. */
export interface Charge {
  /** The provider's idempotency key. */
  readonly paymentId: string;
  readonly units: number;
  /** In minor units of the currency; both are absent where the sale has no prices. */
  readonly amount?: number;
  /** ISO 4217. */
  readonly currency?: string;
  /** Says who pays and how: what the provider's own form on the buyer's page returns. */
  readonly token: string;
}

/**
 * Takes the money. Both calls may be repeated with the same payment id: same answer, no second effect. Both reject if no answer
 * came; then nobody knows whether the money moved.
 */
export interface PaymentProvider {
  charge(charge: Charge, signal: AbortSignal): Promise<'charged' | 'declined'>;
  /** Returns the money, and makes a charge that is still on its way fail. */
  refund(paymentId: string, signal: AbortSignal): Promise<void>;
}

/** The provider did not answer: the money may have been taken or not. The same payment again finds out. */
export class PaymentUnknownError extends Error {
  override readonly name = 'PaymentUnknownError';
}
