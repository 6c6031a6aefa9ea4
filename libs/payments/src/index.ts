export { Payments, type PaymentOutcome, type PaymentResult, type Refund } from './payments.js';
export { PaymentUnknownError, type Charge, type PaymentProvider } from './provider.js';
export { PROVIDERS } from './providers.js';
export { SimulatedProvider } from './simulated-provider.js';
