import { setTimeout as sleep } from 'node:timers/promises';
import { orAbort } from '../async/or-abort.js';
import { orUnavailable } from '../async/or-unavailable.js';
import type { LockRequest } from '../contract.js';

/** Mean pause between two tries, in milliseconds: short at first, since most holds are, then longer. */
const FIRST_PAUSE_MS = 5;
const PAUSE_MS = 50;

/** The jitter keeps contenders out of step. */
export const pause = (tries = Infinity) =>
  sleep(Math.min(FIRST_PAUSE_MS * 2 ** tries, PAUSE_MS) * (0.5 + Math.random()));

/**
 * Tries with pauses in between until the lock is granted or the request's signal aborts. Nobody tells a waiter that the lock is free, so
 * who comes first is a matter of luck.
 *
 * @param tryOnce resolves to undefined when somebody else holds the lock
 * @param release undoes a grant that comes too late, or that was made without our hearing of it
 * @throws {LockBackendUnavailableError} the store did not answer
 */
export async function poll<T>(
  resource: string,
  request: LockRequest,
  tryOnce: () => Promise<T | undefined>,
  release: () => Promise<unknown>,
): Promise<T> {
  const { signal } = request;
  const polling = (async () => {
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      const granted = await orUnavailable(resource, tryOnce());
      if (granted !== undefined) return granted;
      request.contended?.();
      await pause(tries);
    }
  })();
  try {
    return await orAbort(polling, signal);
  } catch (error) {
    // Not before the last try has its answer: it may be a grant.
    void polling
      .catch(() => undefined)
      .then(release)
      .catch(() => undefined);
    throw error;
  }
}
