import type { StockWrite } from '../strategies.js';

/** Which stock a section works on, and by which rules. */
export interface SectionTarget {
  readonly saleId: string;
  readonly sku: string;
  /** Absent where the SKU has only one. Of several, each leaves undecided the orders that do not fit. */
  readonly stripe?: number;
  readonly write: StockWrite;
  readonly perBuyerLimit: number | null;
  /** Seconds until a reservation expires; unless given, it never does. */
  readonly reservationTtlSeconds?: number | null;
}
