import type { Pool } from 'pg';
import type { PaymentProvider } from './provider.js';
import { SimulatedProvider } from './simulated-provider.js';

/** By the word of PAYMENT_PROVIDER. One that takes money is added here and to libs/config. */
export const PROVIDERS = {
  simulated: (pool: Pool): PaymentProvider => new SimulatedProvider(pool),
};
