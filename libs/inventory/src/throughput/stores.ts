import type { Pool } from 'pg';
import { PlainStore } from '../section/plain-store.js';
import type { StockWriteMode } from '../section/stock-sql.js';
import type { StockStore } from '../section/stock-store.js';
import { GatheringStore } from './gathering-store.js';
import { KeptConnection } from './kept-connection.js';

/**
 * The stores of one process. In every mode a hold keeps its connection between statements. Under a fence lanes also share
 * statements: nobody else writes such rows, so a statement on several of them waits for nobody.
 */
export class Stores {
  readonly #fenced: StockStore;

  /** @param batchSize most orders of a lane in a transaction; with 1, as in a textbook, lanes share none */
  constructor(
    private readonly pool: Pool,
    batchSize: number,
  ) {
    this.#fenced = new GatheringStore(new KeptConnection(pool), batchSize);
  }

  /** Under a fence the one of the process, else one for one hold. */
  of(mode: StockWriteMode): StockStore {
    return mode === 'fenced' ? this.#fenced : new PlainStore(new KeptConnection(this.pool), mode);
  }
}
