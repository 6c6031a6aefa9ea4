export {
  findAdjustment,
  overdueAdjustments,
  requestAdjustment,
  type Adjustment,
  type NewAdjustment,
  type PendingAdjustment,
} from './adjustments/adjustments.js';
export { carryOut } from './adjustments/carry-out.js';
export { audit, type Audit, type AuditItem } from './audit.js';
export type {
  BatchLimits,
  HoldTracer,
  LockingOptions,
  ReservationsOptions,
  SaleRules,
  SectionObserver,
} from './batching/options.js';
export { Reservations } from './batching/reservations.js';
export { archivedSale, type ArchivedSale } from './sales/archived-sale.js';
export { controlSale, type SaleAction, type SaleChange } from './sales/control-sale.js';
export { dueOf, OverdueOrders, refundedOf, type DueOrder } from './sales/due-orders.js';
export { lookAtStock } from './sales/look-at-stock.js';
export { openSale, SaleKeyReusedError, type NewSale } from './sales/open-sale.js';
export { SaleCatalog } from './sales/sale-catalog.js';
export { Sale } from './sales/sale.entity.js';
export { Stock } from './sales/stock.entity.js';
export { CriticalSection } from './section/critical-section.js';
export { RefusedError, TokenWentBackError } from './section/errors.js';
export { PlainStore } from './section/plain-store.js';
export { locksIn, resourceOf, resourcesOf } from './section/resource.js';
export type { SectionResult, SettledBatch } from './section/settle-each-once.js';
export type { EndedOrder, Restocked, StockStore } from './section/stock-store.js';
export { takesWrites } from './section/takes-writes.js';
export type { Database } from './section/transaction.js';
export type { Locking } from './section/under-lock.js';
export { AVAILABLE } from './section/unit-sql.js';
export {
  DEFAULT_STRATEGY,
  hasUnitRows,
  MAX_UNIT_ROWS,
  STRATEGY_NAMES,
  strategyOf,
  type StrategyName,
} from './strategies.js';
