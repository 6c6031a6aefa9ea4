export { Admissions, type Admission } from './admissions.js';
export { announce, OutcomeListener, type SettledOrder } from './outcomes.js';
export { CHECKOUT_QUEUE, checkoutBackoff, type CheckoutJob } from './queue.js';
