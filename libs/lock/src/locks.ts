import { createLockDriver, type LockBackends, type LockDriverName } from './drivers/index.js';
import type { LockDriver, LockObserver } from './lock.js';
import { Lock } from './with-lock.js';

/** The locks of one process: each driver is opened when it is first asked for, and closed with the others. */
export class Locks {
  readonly #drivers = new Map<LockDriverName, Promise<LockDriver>>();

  constructor(
    private readonly backends: LockBackends,
    private readonly observerOf?: (name: LockDriverName) => LockObserver,
  ) {}

  /** @throws {LockDriverUnknownError} */
  async of(name: LockDriverName): Promise<Lock> {
    const driver = this.#drivers.get(name) ?? createLockDriver(name, this.backends);
    this.#drivers.set(name, driver);
    return new Lock(await driver, this.observerOf?.(name));
  }

  async close(): Promise<void> {
    const drivers = await Promise.allSettled(this.#drivers.values());
    const opened = drivers.filter((driver) => driver.status === 'fulfilled');
    await Promise.all(opened.map(({ value }) => value.close()));
  }
}
