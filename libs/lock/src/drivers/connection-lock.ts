import { randomUUID } from 'node:crypto';
import { ANSWER_MS } from '../answer-ms.js';
import { LockBackendUnavailableError } from '../errors.js';
import type { Grant, LockDriver, LockRequest } from '../lock.js';
import { Connections, type Connection } from './connections.js';
import { LocalQueue } from './local-queue.js';
import { orAbort } from './or-abort.js';
import { within } from './within.js';

/** A waiter hears nothing while it waits: it looks this often, in milliseconds, whether the store still answers anybody. */
const LOOK_EVERY_MS = 3_000;
/** Share of the TTL after which the answer to a wait proves too little, and is confirmed by another one. */
const STALE_AFTER = 1 / 3;

/** A connection that a lock can belong to: it holds one at most, and what it holds is free once it has ended. */
export interface LockingConnection extends Connection {
  /** Waits in the store until the lock is granted. From then on the store keeps it for `ttl` ms without a sign of life. */
  lock(resource: string, ttl: number): Promise<void>;
  /** The same without waiting. Resolves to whether the lock was free. */
  tryLock(resource: string, ttl: number): Promise<boolean>;
  /** Whether the lock still belongs to this connection; a sign of life. */
  holds(resource: string, ttl: number): Promise<boolean>;
  /** Resolves to false when it did not belong to this connection. */
  unlock(resource: string): Promise<boolean>;
}

/**
 * Locks that are the property of a connection. The store does the waiting, one connection per process and resource: the
 * callers of a process queue here, so that a crowd for one resource costs one connection.
 *
 * An abort ends the connection of the waiter instead of cancelling its statement: a cancellation can come too late and hit
 * the statement after, while a connection that has ended surely keeps neither a lock nor a place in the queue.
 */
export class ConnectionLockDriver<C extends LockingConnection> implements LockDriver {
  readonly #turns = new LocalQueue();
  readonly #connections: Connections<C>;

  /** `isAnswer` tells a store that answers, and be it that it takes no more connections, from one that is out of reach. */
  constructor(
    create: () => C,
    private readonly isAnswer: (error: unknown) => boolean,
  ) {
    this.#connections = new Connections(create);
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const leave = await this.#turns.enter(resource, request);
    try {
      const { connection, provenAt } = await this.#lock(resource, request);
      return this.#grant(resource, connection, provenAt, leave);
    } catch (error) {
      leave();
      request.signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    }
  }

  async close() {
    this.#connections.close();
  }

  async #lock(resource: string, request: LockRequest) {
    for (;;) {
      const { connection, reused } = await this.#connections.take(request);
      try {
        return { connection, provenAt: await this.#wait(connection, resource, request) };
      } catch (error) {
        const died = connection.ended.aborted;
        connection.end();
        this.#connections.give(connection);
        // One that had died in the pool is no news of the store; and as it is dead, so is all it can have been granted.
        if (request.signal.aborted || !reused || !died) throw error;
      }
    }
  }

  /** Resolves to when the proof of ownership was asked for. */
  async #wait(connection: C, resource: string, request: LockRequest): Promise<number> {
    const { ttl, signal } = request;
    const askedAt = performance.now();
    await this.#whileAnswering(lockOn(connection, resource, request), signal);
    const now = performance.now();
    if (now - askedAt < ttl * STALE_AFTER) return askedAt;
    if (await within(ANSWER_MS, connection.holds(resource, ttl))) return now;
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
      (await this.#connections.open(signal)).end();
    } catch (error) {
      if (!this.isAnswer(error)) throw error;
    }
  }

  #grant(resource: string, connection: C, provenAt: number, leave: () => void): Grant {
    let held = true;
    const isOurs = () => held && !connection.ended.aborted;
    return {
      holder: randomUUID(),
      provenAt,
      lost: connection.ended,
      extend: async (ttl) => isOurs() && connection.holds(resource, ttl),
      release: async () => {
        if (!held) return false; // the connection may serve somebody else by now
        const wasOurs = isOurs();
        held = false;
        try {
          return wasOurs && (await within(ANSWER_MS, connection.unlock(resource)));
        } catch (error) {
          connection.end();
          throw new LockBackendUnavailableError(resource, error);
        } finally {
          this.#connections.give(connection);
          leave();
        }
      },
    };
  }
}

/** Whose patience may be over before the store has answered asks first whether the lock is free: a wait in it says nothing. */
async function lockOn(connection: LockingConnection, resource: string, request: LockRequest) {
  const { ttl, wait = Infinity } = request;
  if (wait < ANSWER_MS && (await connection.tryLock(resource, ttl))) return;
  request.contended?.();
  await connection.lock(resource, ttl);
}
