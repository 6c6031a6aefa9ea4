export { Admissions } from './admissions.js';
export type { Admission, AdmissionOptions, Stored } from './admit-script.js';
export { DeadLetters, REFUSED, type DeadLetter, type Refusal } from './dead-letters.js';
export {
  announce,
  announceEnding,
  announceReturn,
  announceUnits,
  OutcomeListener,
  type Announcement,
  type OrderEnding,
  type RowVersion,
} from './outcomes.js';
export { giveBack } from './counter.js';
export { Gatherer } from './gatherer.js';
export { keysOf } from './keys.js';
export { ORDERS_IN_HAND_PER_SKU } from './in-hand.js';
export { PARKED } from './parking.js';
export { CHECKOUT_QUEUE, type CheckoutJob, type OfSku, type QueuedOrder } from './queue.js';
export type { AdmissionRules } from './shard-admissions.js';
export { RestockReminders, restockWorkers, type RestockJob } from './restock-reminders.js';
export { keepShardCount } from './shard-count.js';
export { unsettledOf } from './unsettled.js';
export { checkoutWorkers } from './worker.js';
