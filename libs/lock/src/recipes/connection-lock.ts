import { randomUUID } from 'node:crypto';
import { ANSWER_MS } from '../async/answer-ms.js';
import { orAbort } from '../async/or-abort.js';
import { within } from '../async/within.js';
import { ConnectionPool, type Connection } from '../connections/connection-pool.js';
import type { Grant, LockDriver, LockRequest } from '../contract.js';
import { LockBackendUnavailableError } from '../errors.js';
import { LocalQueue } from '../turns/local-queue.js';

/** A waiter hears nothing while it waits: it looks this often, in milliseconds, whether the store still answers anybody. */
const LOOK_EVERY_MS = 3_000;
/** Share of the TTL after which the answer to a wait proves too little, and is confirmed by another one. */
const STALE_AFTER = 1 / 3;

/** A connection that locks can belong to: those of one caller, and what it holds is free once it has ended. */
export interface LockingConnection extends Connection {
  /**
   * Waits in the store until the locks are granted, one after the other in this order. From then on the store keeps them for
   * `ttl` ms without a sign of life.
   */
  lock(resources: readonly string[], ttl: number): Promise<void>;
  /** The same with one, without waiting. Resolves to whether the lock was free. */
  tryLock(resource: string, ttl: number): Promise<boolean>;
  /** Whether the locks still belong to this connection; a sign of life. */
  holds(resources: readonly string[], ttl: number): Promise<boolean>;
  /** Resolves to false when one did not belong to this connection. */
  unlock(resources: readonly string[]): Promise<boolean>;
}

/**
 * Locks that are the property of a connection. The store does the waiting, one connection per process and resource: further callers
 * queue here. Several locks come on one connection: nobody who has one waits for another, so a bounded number is enough.
 */
export class ConnectionLockDriver<C extends LockingConnection> implements LockDriver {
  readonly #turns = new LocalQueue();
  readonly #pool: ConnectionPool<C>;

  /** `isAnswer` tells a store that answers, and be it that it takes no more connections, from one that is out of reach. */
  constructor(
    create: () => C,
    private readonly isAnswer: (error: unknown) => boolean,
  ) {
    this.#pool = new ConnectionPool(create);
  }

  acquire(resource: string, request: LockRequest): Promise<Grant> {
    return this.acquireAll([resource], request);
  }

  async acquireAll(resources: readonly string[], request: LockRequest): Promise<Grant> {
    const turns: (() => void)[] = [];
    const leave = () => turns.forEach((leaveOne) => leaveOne());
    try {
      for (const resource of resources) turns.push(await this.#turns.enter(resource, request));
      const { connection, provenAt } = await this.#lock(resources, request);
      return this.#grant(resources, connection, provenAt, leave);
    } catch (error) {
      leave();
      request.signal.throwIfAborted();
      throw new LockBackendUnavailableError(resources.join(', '), error);
    }
  }

  async close() {
    this.#pool.close();
  }

  async #lock(resources: readonly string[], request: LockRequest) {
    for (;;) {
      const { connection, reused } = await this.#pool.lend(request);
      try {
        return { connection, provenAt: await this.#wait(connection, resources, request) };
      } catch (error) {
        const died = connection.ended.aborted;
        // Also where its caller gave up: cancelling the statement could come too late, and hit the next one.
        connection.end();
        this.#pool.putBack(connection);
        // A connection that had died in the pool says nothing of the store, and can hold no lock: try another one.
        if (request.signal.aborted || !reused || !died) throw error;
      }
    }
  }

  /** Resolves to the moment at which the proof of ownership was asked for. */
  async #wait(connection: C, resources: readonly string[], request: LockRequest): Promise<number> {
    const { ttl, signal } = request;
    const askedAt = performance.now();
    await this.#whileAnswering(lockOn(connection, resources, request), signal);
    const now = performance.now();
    if (now - askedAt < ttl * STALE_AFTER) return askedAt;
    if (await within(ANSWER_MS, connection.holds(resources, ttl))) return now;
    throw new Error('the lock was lost as it was granted');
  }

  /** @throws why the store cannot be reached, or `signal.reason` */
  async #whileAnswering(granted: Promise<void>, signal: AbortSignal) {
    let looking: NodeJS.Timeout | undefined;
    const gone = new Promise<never>((_, reject) => {
      looking = setInterval(() => void this.#look(signal).catch(reject), LOOK_EVERY_MS);
    });
    await orAbort(Promise.race([granted, gone]), signal).finally(() => clearInterval(looking));
  }

  async #look(signal: AbortSignal) {
    try {
      (await this.#pool.open(signal)).end();
    } catch (error) {
      if (!this.isAnswer(error)) throw error;
    }
  }

  #grant(resources: readonly string[], connection: C, provenAt: number, leave: () => void): Grant {
    let kept = true;
    const isOurs = () => kept && !connection.ended.aborted;
    return {
      holder: randomUUID(),
      provenAt,
      lost: connection.ended,
      extend: async (ttl) => isOurs() && connection.holds(resources, ttl),
      release: async () => {
        if (!kept) return false; // the connection may serve somebody else by now
        const wasOurs = isOurs();
        kept = false;
        try {
          return wasOurs && (await within(ANSWER_MS, connection.unlock(resources)));
        } catch (error) {
          connection.end();
          throw new LockBackendUnavailableError(resources.join(', '), error);
        } finally {
          this.#pool.putBack(connection);
          leave();
        }
      },
    };
  }
}

/** A caller who may give up before the store has answered asks first whether the lock is free: a wait in the store would not tell. */
async function lockOn(connection: LockingConnection, resources: readonly string[], request: LockRequest) {
  const { ttl, wait = Infinity } = request;
  let taken = 0;
  if (wait < ANSWER_MS)
    while (taken < resources.length && (await connection.tryLock(resources[taken]!, ttl))) taken++;
  if (taken === resources.length) return;
  request.contended?.();
  await connection.lock(resources.slice(taken), ttl);
}
