import type { Stack } from '../../../local/stack/stack.js';
import { now } from '../../clock.js';
import { drain, readBooks, unready, type Books } from './books.js';
import { askAgain, type Sold } from './buyers.js';
import type { Evidence } from './promises.js';

const DRAIN_MS = 60_000;
/** After everything is settled. */
const READY_MS = 15_000;

export interface Settled extends Evidence {
  readonly sold: Sold;
  readonly books: Books;
  /** From the last buyer until nothing was left to do. */
  readonly drainMs: number;
}

/** Waits for whatever a sale has left to do, reads the books, and has everybody whose order is there ask for it once more. */
export async function settleUp(stack: Stack, sold: Sold): Promise<Settled> {
  const { saleId, orders } = sold;
  const soldAt = now();
  const left = [await drain(stack, saleId, DRAIN_MS)];
  const drainMs = now() - soldAt;
  const notReady = await unready(stack, READY_MS);
  const books = await readBooks(stack, saleId, orders);
  const missing = new Set(books.missing);
  const there = orders.filter(({ orderId }) => !missing.has(orderId));
  const misled = await askAgain(stack, saleId, there);
  left.push(await drain(stack, saleId, DRAIN_MS));
  const after = await readBooks(stack, saleId, orders);
  return { sold, left, unready: notReady, books, misled, after, drainMs };
}
