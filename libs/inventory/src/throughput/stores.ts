import type { Pool } from 'pg';
import { PlainStore } from '../section/plain-store.js';
import type { StockWriteMode } from '../section/stock-sql.js';
import type { StockStore } from '../section/stock-store.js';
import { GatheringStore } from './gathering-store.js';
import { KeptConnection } from './kept-connection.js';

/**
 * The stores of one process. Whatever the mode, a hold keeps its connection from one statement to the next. Only a fence allows
 * more: nobody else wants such a row, so that a statement on several of them waits for nobody, and lanes can share it.
 */
export class Stores {
  readonly #fenced: StockStore;

  /** @param batchSize orders of a lane per transaction at most; with 1, as in a textbook, lanes share no transaction either */
  constructor(
    private readonly pool: Pool,
    batchSize: number,
  ) {
    this.#fenced = new GatheringStore(new KeptConnection(pool), batchSize);
  }

  /** For one hold. */
  of(mode: StockWriteMode): StockStore {
    return mode === 'fenced' ? this.#fenced : new PlainStore(new KeptConnection(this.pool), mode);
  }
}
