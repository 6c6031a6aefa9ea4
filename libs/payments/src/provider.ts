/** What a provider is asked to take. There are no prices here: money is counted in units. */
export interface Charge {
  /** The provider's idempotency key. */
  readonly paymentId: string;
  readonly units: number;
  /** Says who pays and how: what a provider's own form on the buyer's page comes back with. */
  readonly token: string;
}

/**
 * Who takes the money. Both calls may be repeated with the same payment id: the answer is the same, and there is no second
 * effect. Both reject when no answer came; whether the money moved is unknown then.
 */
export interface PaymentProvider {
  charge(charge: Charge, signal: AbortSignal): Promise<'charged' | 'declined'>;
  /** Gives back what was charged, and sees to it that a charge that is still on its way comes to nothing. */
  refund(paymentId: string, signal: AbortSignal): Promise<void>;
}

/** The provider did not answer: the money may have been taken or not. The same payment again finds out. */
export class PaymentUnknownError extends Error {
  override readonly name = 'PaymentUnknownError';
}
