export { fingerprintOf, orderIdOf, type OrderRequest } from './order-request.js';
export {
  ORDER_STATUSES,
  REJECTION_REASONS,
  type EndedStatus,
  type OrderState,
  type OrderStatus,
  type Outcome,
  type RejectionReason,
} from './order-status.js';
export { Order } from './order.entity.js';
