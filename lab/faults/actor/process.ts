import {
  createLockDriver,
  Lock,
  Locks,
  LockError,
  type Lease,
  type LockDriver,
  type LockDriverName,
} from '@app/lock';
import { once } from 'node:events';
import { now } from '../../clock.js';
import { backendsOf, type Backends } from '../../servers.js';
import type { EventKind, HistoryEvent } from '../history.js';
import type { OpenLock } from '../../libraries/adapter.js';
import { adapterOf, openAt } from '../../libraries/open.js';
import { AdaptedLock } from './adapted.js';
import { isPlanted, PlantedDriver } from './planted/lock.js';
import type { LabCalls, Locking, Point, Setup } from './protocol.js';
import { replicated } from './replicated.js';

/** What the roles need of a lock. */
type UsedLock = Pick<Lock, 'withLock'>;

/** What every role of a process of the lab works with. */
export class Process {
  readonly #backends: Backends;
  readonly #locks: Locks;
  readonly #adapted = new Map<string, Promise<OpenLock>>();
  readonly #redis: Backends['redis'];

  constructor(
    readonly setup: Setup,
    private readonly lab: LabCalls,
  ) {
    this.#backends = backendsOf(setup.servers);
    this.#locks = new Locks(this.#backends);
    this.#redis = this.#backends.redis?.on('error', () => undefined); // told by its commands
  }

  record(kind: EventKind, details: Pick<HistoryEvent, 'resource' | 'token' | 'detail'> = {}) {
    this.lab.record({ at: now(), kind, ...details });
  }

  /** Goes on when the lab allows it, or when it is asked to end: what has begun is then brought to its end. */
  reach(point: Point): Promise<unknown> {
    return Promise.race([this.lab.reach(point), this.#terminated]);
  }

  /** Works under a lock and tells what becomes of it. */
  async holding<T>(
    { driver, ttl, wait, fence, replicas, releasedTwice }: Locking,
    resource: string,
    work: (lease: Lease) => Promise<T>,
    use?: UsedLock,
  ): Promise<T> {
    const lock = use ?? (await this.lockOf(driver, releasedTwice));
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
    const lock = await this.lockOf(driver);
    if (!(lock instanceof Lock)) return; // nobody else's lock can be told to
    await lock.reseed(resource, fence);
    this.record('repaired', { resource, detail: `the next token is above ${fence}` });
  }

  /** A lock of this project, a planted one, or somebody else's. */
  async lockOf(driver: string, releasedTwice = false): Promise<UsedLock> {
    const unlocked = () => this.reach('unlocked');
    if (isPlanted(driver)) return new Lock(new PlantedDriver(this.setup.servers.redis!, driver, unlocked));
    const adapter = await adapterOf(driver);
    if (adapter) {
      const opening = this.#adapted.get(driver) ?? openAt(adapter, this.setup.servers);
      this.#adapted.set(driver, opening);
      return new AdaptedLock(await opening, releasedTwice ? unlocked : undefined);
    }
    if (!releasedTwice) return this.#locks.of(driver as LockDriverName);
    return new Lock(
      releasingTwice(await createLockDriver(driver as LockDriverName, this.#backends), unlocked),
    );
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

/** The same driver, the answer to whose releases is lost each first time. */
function releasingTwice(driver: LockDriver, unlocked: () => Promise<unknown>): LockDriver {
  return {
    acquire: async (resource, request) => {
      const grant = await driver.acquire(resource, request);
      const release = async () => {
        const wasOurs = await grant.release();
        await unlocked();
        await grant.release();
        return wasOurs;
      };
      return { ...grant, release };
    },
    close: () => driver.close(),
  };
}
