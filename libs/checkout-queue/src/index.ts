export { Admissions, type Admission } from './admissions.js';
export { announce, OutcomeListener, type SettledOrder } from './outcomes.js';
export { ORDERS_PER_JOB, type CheckoutJob, type QueuedOrder } from './queue.js';
export { checkoutWorker } from './worker.js';
