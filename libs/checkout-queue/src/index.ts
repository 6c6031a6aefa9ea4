export { Admissions, type Admission } from './admissions.js';
export { announce, OutcomeListener, type SettledOrder } from './outcomes.js';
export { CHECKOUT_QUEUE, ORDERS_PER_JOB, type CheckoutJob, type QueuedOrder } from './queue.js';
export { checkoutWorker } from './worker.js';
