import { orAbort } from '../async/or-abort.js';
import { orUnavailable } from '../async/or-unavailable.js';
import { persist } from '../async/persist.js';
import type { Grant, LockDriver, LockRequest } from '../contract.js';
import { LockBackendUnavailableError } from '../errors.js';
import type { KeptSession } from './kept-session.js';
import type { QueuedKey } from './queued-key.js';

/**
 * The recipe for stores with sessions and a total order of writes. Contenders queue by the creation of their keys; each waits for the key
 * just ahead to go. All keys of a process live under one session that is kept alive.
 */
export abstract class SessionQueueDriver<Session extends KeptSession, Ahead> implements LockDriver {
  readonly #sessions = new Map<number, Promise<Session>>();
  #closed = false;

  /** @param seconds whole seconds, as these stores count */
  protected abstract openSession(seconds: number): Promise<Session>;
  protected abstract place(session: Session, resource: string): QueuedKey<Ahead>;
  /** Makes the base of the resource's tokens at least `least`. Done twice it does no harm. */
  protected abstract raiseBase(resource: string, least: bigint): Promise<void>;
  /** Whether nothing is known about the outcome of what failed so. */
  abstract readonly remedyFor: (error: unknown) => string | undefined;
  protected abstract readonly isUnanswered: (error: unknown) => boolean;
  protected abstract disconnect(): void;

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const { signal } = request;
    try {
      const place = await orAbort(this.#reachFront(resource, request), signal);
      const { session, holder, token } = place;
      return {
        holder,
        token,
        provenAt: session.provenAt,
        ttl: session.ttl,
        lost: session.lost,
        extend: async () => (await Promise.all([session.renew(), place.isQueued()])).every(Boolean),
        release: () => orUnavailable(resource, place.leave()),
      };
    } catch (error) {
      signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    }
  }

  async reseed(resource: string, above: bigint) {
    const raised = persist(() => this.raiseBase(resource, above), this.isUnanswered);
    await orUnavailable(resource, raised);
  }

  async close() {
    this.#closed = true;
    const opened = await Promise.allSettled(this.#sessions.values());
    const sessions = opened.filter((session) => session.status === 'fulfilled');
    await Promise.all(sessions.map(({ value }) => value.end()));
    this.disconnect();
  }

  /** Queues until it is first; once more, at the end, when the key or its session went while it waited. */
  async #reachFront(resource: string, request: LockRequest): Promise<QueuedKey<Ahead>> {
    const { ttl, signal } = request;
    for (;;) {
      const session = await this.#session(Math.ceil(ttl / 1_000));
      const place = this.place(session, resource);
      let reached = false;
      try {
        let { queued, ahead } = await place.enter();
        while (queued && ahead !== undefined && !session.lost.aborted) {
          request.contended?.();
          await place.wait(ahead, [signal, session.lost]);
          signal.throwIfAborted();
          ({ queued, ahead } = await place.look());
        }
        signal.throwIfAborted();
        reached = queued && !session.lost.aborted;
        if (reached) return place;
      } finally {
        if (!reached) void place.leave().catch(() => undefined);
      }
    }
  }

  async #session(seconds: number): Promise<Session> {
    if (this.#closed) throw new Error('the driver is closed');
    const opening = this.#sessions.get(seconds) ?? this.#open(seconds);
    this.#sessions.set(seconds, opening);
    return opening;
  }

  async #open(seconds: number): Promise<Session> {
    const forget = () => this.#sessions.delete(seconds);
    try {
      const session = await this.openSession(seconds);
      session.lost.addEventListener('abort', forget, { once: true });
      return session;
    } catch (error) {
      forget();
      throw error;
    }
  }
}
