import type { LockDriver, LockObserver } from './contract.js';
import { createLockDriver, type LockBackends, type LockDriverName } from './drivers/index.js';
import { Lock } from './lock.js';

/** The locks of one process: each driver is opened when it is first asked for, and closed with the others. */
export class Locks {
  readonly #opened = new Map<LockDriverName, Promise<{ driver: LockDriver; lock: Lock }>>();

  constructor(
    private readonly backends: LockBackends,
    private readonly observerOf?: (name: LockDriverName) => LockObserver,
  ) {}

  /** @throws {LockDriverUnknownError} */
  async of(name: LockDriverName): Promise<Lock> {
    const opening = this.#opened.get(name) ?? this.#open(name);
    this.#opened.set(name, opening);
    return (await opening).lock;
  }

  async close(): Promise<void> {
    const locks = await Promise.allSettled(this.#opened.values());
    const opened = locks.filter((lock) => lock.status === 'fulfilled');
    await Promise.all(opened.map(({ value }) => value.driver.close()));
  }

  async #open(name: LockDriverName) {
    const driver = await createLockDriver(name, this.backends);
    return { driver, lock: new Lock(driver, this.observerOf?.(name)) };
  }
}
