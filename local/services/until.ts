import { setTimeout as delay } from 'node:timers/promises';

/** No server takes longer for what is waited for, in milliseconds. */
export const PATIENCE_MS = 60_000;

/** Waits for a condition. A question that fails is asked again. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}`);
    await delay(50);
  }
}
