import { Lock, Locks, LockError, type Lease, type LockDriverName } from '@app/lock';
import { once } from 'node:events';
import { now } from '../../clock.js';
import { backendsOf, type Backends } from '../../servers.js';
import type { EventKind, HistoryEvent } from '../history.js';
import { isPlanted, PlantedDriver } from './planted/lock.js';
import type { LabCalls, Locking, Point, Setup } from './protocol.js';
import { replicated } from './replicated.js';

/** What every role of a process of the lab works with. */
export class Process {
  readonly #locks: Locks;
  readonly #redis: Backends['redis'];

  constructor(
    readonly setup: Setup,
    private readonly lab: LabCalls,
  ) {
    const backends = backendsOf(setup.servers);
    this.#locks = new Locks(backends);
    this.#redis = backends.redis?.on('error', () => undefined); // told by its commands
  }

  record(kind: EventKind, details: Pick<HistoryEvent, 'resource' | 'token' | 'detail'> = {}) {
    this.lab.record({ at: now(), actor: this.setup.name, kind, ...details });
  }

  /** Goes on when the lab allows it, or when it is asked to end: what has begun is then brought to its end. */
  reach(point: Point): Promise<unknown> {
    return Promise.race([this.lab.reach(point), this.#terminated]);
  }

  /** Works under a lock and tells what becomes of it. */
  async holding<T>(
    { driver, ttl, wait, fence, replicas }: Locking,
    resource: string,
    work: (lease: Lease) => Promise<T>,
    use?: Pick<Lock, 'withLock'>,
  ): Promise<T> {
    const lock = use ?? (await this.#lockOf(driver));
    this.record('asked', { resource });
    try {
      const result = await lock.withLock(resource, { ttl, wait, earlyTakeover: fence }, async (lease) => {
        if (replicas) await replicated(this.#redis!, replicas);
        const token = lease.token?.toString();
        this.record('granted', { resource, token });
        lease.signal.addEventListener('abort', () => this.record('lost', { resource, token }));
        await this.reach('granted');
        try {
          return await work(fence ? lease : withoutToken(lease));
        } finally {
          // Before it gives the lock back: others may be granted it before it hears that this was done.
          this.record('finished', { resource });
        }
      });
      this.record('released', { resource });
      return result;
    } catch (error) {
      this.record('failed', { resource, detail: codeOf(error) });
      throw error;
    }
  }

  /** Moves the lock's tokens above the fence that refused one. */
  async reseed(driver: string, { resource, fence }: { resource: string; fence: bigint }): Promise<void> {
    const lock = await this.#lockOf(driver);
    await lock.reseed(resource, fence);
    this.record('repaired', { resource, detail: `the next token is above ${fence}` });
  }

  async #lockOf(driver: string): Promise<Lock> {
    if (!isPlanted(driver)) return this.#locks.of(driver as LockDriverName);
    return new Lock(new PlantedDriver(this.setup.servers.redis!, driver, () => this.reach('unlocked')));
  }

  readonly #terminated = once(process, 'SIGTERM');
}

/** The lock's code, or the name of any other error. */
export function codeOf(error: unknown): string {
  if (error instanceof LockError) return error.code;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The same lease as it were if its store gave no tokens: its writes are not guarded. */
function withoutToken(lease: Lease): Lease {
  const { resource, holder, signal, expiresAt } = lease;
  return { resource, holder, signal, expiresAt, throwIfLost: () => lease.throwIfLost() };
}
