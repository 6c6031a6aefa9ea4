import { setTimeout as sleep } from 'node:timers/promises';

/** Does work again and again until `ending` aborts, also when it fails. Pauses are in milliseconds. */
export async function again(
  pauseMs: number,
  work: () => Promise<void>,
  { ending, onError }: { readonly ending: AbortSignal; readonly onError: (error: unknown) => void },
): Promise<void> {
  while (!ending.aborted) {
    await work().catch(onError);
    // Not all workers at once.
    await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal: ending }).catch(() => undefined);
  }
}
