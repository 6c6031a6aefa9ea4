export { audit, type Audit, type AuditItem } from './audit.js';
export { CriticalSection, type SectionResult, type Settlement } from './critical-section.js';
export { dueOf, OverdueOrders, type DueOrder } from './due-orders.js';
export { RefusedError, TokenWentBackError } from './errors.js';
export { openSale, type NewSale } from './open-sale.js';
export type { EndedOrder, Released } from './release-section.js';
export { Reservations } from './reservations.js';
export type {
  BatchLimits,
  HoldTracer,
  ReservationsOptions,
  SaleRules,
  SectionObserver,
} from './reservations-options.js';
export { resourceOf, resourcesOf } from './resource.js';
export { SaleCatalog } from './sale-catalog.js';
export { Sale } from './sale.entity.js';
export { Stock } from './stock.entity.js';
export { DEFAULT_STRATEGY, STRATEGY_NAMES, strategyOf, type StrategyName } from './strategies.js';
export type { Locking } from './with-locks.js';
