import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.js';
import type { Actor } from './actor.js';
import type { CheckoutResult, CheckoutTask } from './actor/protocol.js';

/** How long an order is tried again, in milliseconds: longer than any store is away. */
const PATIENCE_MS = 40_000;
/** Between two tries, in milliseconds. */
const PAUSE_MS = 100;

/** Settles an order as the application does: what came to nothing is tried again. An error is the last of many. */
export async function settle(actor: Actor, task: CheckoutTask): Promise<CheckoutResult> {
  const giveUpAt = now() + PATIENCE_MS;
  for (;;) {
    const result = await actor.calls.checkout(task);
    if (!('error' in result) || now() > giveUpAt) return result;
    await sleep(PAUSE_MS);
  }
}

/** In words, what is wrong with orders that should be settled by now. */
export const unsettled = (results: readonly CheckoutResult[]): string[] =>
  results.flatMap((result) => ('error' in result ? [`an order ended with ${result.error}`] : []));
