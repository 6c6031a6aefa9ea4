import { Semaphore } from 'async-mutex';
import { ANSWER_MS } from '../async/answer-ms.js';
import { orAbort } from '../async/or-abort.js';
import { within } from '../async/within.js';
import type { LockRequest } from '../contract.js';

/**
 * Connections of one driver at most: beyond them callers queue in this process, first come first served. Whoever has one must not
 * wait for another: several who did could wait for each other.
 */
const MOST = 16;
/** An unused connection is kept for so many milliseconds. */
const KEPT_MS = 10_000;

/** One connection to a store. It connects in `start`, and is of no more use once it has ended. */
export interface Connection {
  start(): Promise<void>;
  /** Aborts when the connection has ended, whoever ended it. */
  readonly ended: AbortSignal;
  /** Ends the connection at once, whatever it is doing. */
  end(): void;
}

/** A bounded pool. The last one used is used first, so that the others can go when the rush is over. */
export class ConnectionPool<C extends Connection> {
  readonly #places = new Semaphore(MOST);
  readonly #idle: { connection: C; timer: NodeJS.Timeout }[] = [];
  readonly #all = new Set<C>();
  #closed = false;

  constructor(private readonly create: () => C) {}

  /**
   * `reused` says that the connection may have died unnoticed. Every one that was lent must be put back.
   *
   * @throws `signal.reason` when that aborts first, or why it could not connect
   */
  async lend(
    request: Pick<LockRequest, 'signal' | 'contended'>,
  ): Promise<{ connection: C; reused: boolean }> {
    const { signal } = request;
    if (this.#places.isLocked()) request.contended?.();
    const place = this.#places.acquire();
    await orAbort(place, signal).catch((reason: unknown) => {
      void place.then(([, free]) => free());
      throw reason;
    });
    try {
      const idle = this.#takeIdle();
      return idle
        ? { connection: idle, reused: true }
        : { connection: await this.open(signal), reused: false };
    } catch (error) {
      this.#places.release();
      throw error;
    }
  }

  /** Takes back a connection that nothing is asked of, or that has ended. */
  putBack(connection: C) {
    this.#places.release();
    if (connection.ended.aborted) return;
    const timer = setTimeout(() => connection.end(), KEPT_MS);
    this.#idle.push({ connection, timer });
  }

  /** One more connection, outside the bound: the caller ends it. */
  async open(signal: AbortSignal): Promise<C> {
    if (this.#closed) throw new Error('the driver is closed');
    const connection = this.create();
    this.#all.add(connection);
    connection.ended.addEventListener('abort', () => this.#all.delete(connection), { once: true });
    try {
      await within(ANSWER_MS, orAbort(connection.start(), signal));
      return connection;
    } catch (error) {
      connection.end();
      throw error;
    }
  }

  close() {
    this.#closed = true;
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer);
    for (const connection of this.#all) connection.end();
  }

  #takeIdle(): C | undefined {
    for (;;) {
      const idle = this.#idle.pop();
      clearTimeout(idle?.timer);
      if (!idle?.connection.ended.aborted) return idle?.connection;
    }
  }
}
