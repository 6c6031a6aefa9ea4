import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.js';
import type { Actor } from './actor.js';
import type { CheckoutResult, CheckoutTask } from './actor/protocol.js';

/** How long an order is tried again, in milliseconds: longer than any store is away. */
const PATIENCE_MS = 40_000;
/** Between two tries, in milliseconds. */
const PAUSE_MS = 100;

/**
 * Settles an order as the application does: what came to nothing is tried again, as when a busy machine could not keep a lock. An error
 * is the last of many. The first try may have begun before.
 */
export async function settle(
  actor: Actor,
  task: CheckoutTask,
  first: CheckoutResult | Promise<CheckoutResult> = actor.calls.checkout(task),
): Promise<CheckoutResult> {
  let result = await first;
  for (const giveUpAt = now() + PATIENCE_MS; 'error' in result && now() <= giveUpAt;) {
    await sleep(PAUSE_MS);
    result = await actor.calls.checkout(task);
  }
  return result;
}

/** In words, what is wrong with orders that should be settled by now. */
export const unsettled = (results: readonly CheckoutResult[]): string[] =>
  results.flatMap((result) => ('error' in result ? [`an order ended with ${result.error}`] : []));
