import { Lock, Semaphore, type LockDriver } from '@app/lock';
import { Redis } from 'ioredis';
import { CheckThenAddSemaphore, CounterSemaphore } from './planted/semaphores.js';
import { codeOf, type Process } from './process.js';
import type { PermitTask } from './protocol.js';

/** Takes a permit, keeps it while the lab wants that, and gives it back. */
export async function permit(
  self: Process,
  { resource, permits, ...locking }: PermitTask,
): Promise<string | undefined> {
  const semaphore = semaphoreOf(self, locking.driver, permits);
  try {
    return await self.holding(locking, resource, async () => undefined, semaphore);
  } catch (error) {
    return codeOf(error);
  } finally {
    await semaphore.close();
  }
}

function semaphoreOf(self: Process, driver: string, permits: number) {
  const url = self.setup.servers.redis!;
  if (driver === 'planted:counter') return ofDriver(new CounterSemaphore(url, permits));
  if (driver === 'planted:check-then-add')
    return ofDriver(new CheckThenAddSemaphore(url, permits, () => self.reach('counted')));
  const semaphore = new Semaphore(new Redis(url, { lazyConnect: true }), permits);
  return { withLock: semaphore.withPermit.bind(semaphore), close: () => semaphore.close() };
}

function ofDriver(driver: LockDriver) {
  const lock = new Lock(driver);
  return { withLock: lock.withLock.bind(lock), close: () => driver.close() };
}
