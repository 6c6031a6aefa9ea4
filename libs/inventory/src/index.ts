export { audit, type Audit, type AuditItem } from './audit.js';
export { CriticalSection, type SectionResult, type Settlement } from './critical-section.js';
export { TokenWentBackError } from './errors.js';
export { openSale, type NewSale } from './open-sale.js';
export {
  Reservations,
  type BatchLimits,
  type HoldTracer,
  type ReservationsOptions,
  type SaleRules,
  type SectionObserver,
} from './reservations.js';
export { SaleCatalog } from './sale-catalog.js';
export { Sale } from './sale.entity.js';
export { Stock } from './stock.entity.js';
export { DEFAULT_STRATEGY, STRATEGY_NAMES, strategyOf, type StrategyName } from './strategies.js';
export type { Locking } from './with-locks.js';
