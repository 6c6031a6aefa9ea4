import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, type Process } from './process.js';
import type { GiveUpTask } from './protocol.js';

/** For a busy machine, in milliseconds. */
const PATIENCE_MS = 1_500;

/**
 * Asks for the lock, takes that back, and looks whether the lock has heard of it.
 *
 * @param working notes that something is under way, for as long as it is
 */
export async function giveUp(
  self: Process,
  { driver, ttl, wait, resource, afterMs }: GiveUpTask,
  working: <T>(task: () => Promise<T>) => Promise<T>,
): Promise<boolean> {
  const lock = await self.lockOf(driver);
  const gone = new AbortController();
  self.record('asked', { resource });
  const waiting = working(() =>
    lock.withLock(resource, { ttl, wait, signal: gone.signal }, async () =>
      self.record('granted', { resource }),
    ),
  );
  const ended = waiting.then(
    () => {
      self.record('released', { resource });
      return 'granted';
    },
    (error: unknown) => codeOf(error),
  );
  await sleep(afterMs);
  gone.abort();
  const outcome = await Promise.race([ended, sleep(PATIENCE_MS)]);
  self.record('failed', { resource, detail: outcome ?? 'walks away, but the wait goes on' });
  return outcome !== undefined;
}
