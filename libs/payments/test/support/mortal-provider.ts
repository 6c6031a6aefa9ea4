import type { Charge, PaymentProvider } from '../../src/index.js';

/** Where the process dies that asks for a charge: nothing of it runs after that. */
export type Death = 'before the charge' | 'after the charge' | undefined;

/** A provider whose next caller may die around its call. */
export class MortalProvider implements PaymentProvider {
  dieAt: Death;

  constructor(private readonly provider: PaymentProvider) {}

  async charge(charge: Charge, signal: AbortSignal): Promise<'charged' | 'declined'> {
    const { dieAt } = this;
    this.dieAt = undefined;
    if (dieAt === 'before the charge') throw new Error('died');
    const answer = await this.provider.charge(charge, signal);
    if (dieAt === 'after the charge') throw new Error('died');
    return answer;
  }

  refund(paymentId: string, signal: AbortSignal): Promise<void> {
    return this.provider.refund(paymentId, signal);
  }
}
