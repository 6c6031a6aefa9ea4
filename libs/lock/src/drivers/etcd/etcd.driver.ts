import { EtcdLeaseInvalidError } from 'etcd3';
import { LockBackendUnavailableError } from '../../errors.js';
import type { Grant, LockDriver, LockRequest } from '../../lock.js';
import { orAbort } from '../or-abort.js';
import { openClient } from './client.js';
import { Deletions } from './deletions.js';
import { Place } from './place.js';
import { Session } from './session.js';

/**
 * The recipe of etcd's own `client/v3/concurrency`: contenders queue by the create revision of their keys, each waits for
 * the deletion of the key just ahead, and all keys live under one lease that is kept alive. First come first served, no
 * polling, no herd, one round trip for a free lock; the create revision is the fencing token.
 *
 * TTLs are whole seconds, at least 1.5 election time-outs of the server (2 s by default). A lease says when a holder is
 * given up, not that it has stopped: only a fenced write excludes it (Jepsen, "etcd 3.4.3", 2020). Restoring the cluster
 * from a snapshot sets revisions back, tokens included.
 */
export class EtcdDriver implements LockDriver {
  readonly #etcd;
  readonly #deletions;
  readonly #sessions = new Map<number, Promise<Session>>();
  #closed = false;

  /** @param urls members of one cluster */
  constructor(
    urls: readonly string[],
    private readonly prefix = 'lock',
  ) {
    this.#etcd = openClient(urls);
    this.#deletions = new Deletions(this.#etcd);
  }

  async acquire(resource: string, { ttl, signal }: LockRequest): Promise<Grant> {
    try {
      const place = await orAbort(this.#reachFront(resource, ttl, signal), signal);
      const { session, holder, token } = place;
      return {
        holder,
        token,
        provenAt: session.provenAt,
        ttl: session.ttl,
        lost: session.lost,
        extend: async () => (await Promise.all([session.renew(), place.isQueued()])).every(Boolean),
        release: () =>
          place.leave().catch((cause: unknown) => {
            throw new LockBackendUnavailableError(resource, cause);
          }),
      };
    } catch (error) {
      signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    }
  }

  async close() {
    this.#closed = true;
    this.#deletions.close();
    const opened = await Promise.allSettled(this.#sessions.values());
    const sessions = opened.filter((session) => session.status === 'fulfilled');
    await Promise.all(sessions.map(({ value }) => value.end()));
    this.#etcd.close();
  }

  /** Queues until it is first; once more, at the end, when the key or its lease went while it waited. */
  async #reachFront(resource: string, ttl: number, signal: AbortSignal): Promise<Place> {
    for (;;) {
      const session = await this.#session(Math.ceil(ttl / 1_000));
      const place = new Place(this.#etcd, session, this.prefix, resource);
      let reached = false;
      try {
        let view = await place.enter();
        while (view.queued && view.ahead && !session.lost.aborted) {
          await this.#deletions.next(view.ahead, view.revision + 1n, signal);
          signal.throwIfAborted();
          view = await place.look();
        }
        signal.throwIfAborted();
        reached = view.queued && !session.lost.aborted;
        if (reached) return place;
      } catch (error) {
        if (!(error instanceof EtcdLeaseInvalidError)) throw error;
        void session.end(error);
      } finally {
        if (!reached) void place.leave().catch(() => undefined);
      }
    }
  }

  async #session(seconds: number): Promise<Session> {
    if (this.#closed) throw new Error('the driver is closed');
    const opening = this.#sessions.get(seconds) ?? this.#openSession(seconds);
    this.#sessions.set(seconds, opening);
    return opening;
  }

  async #openSession(seconds: number): Promise<Session> {
    const forget = () => {
      this.#sessions.delete(seconds);
      this.#deletions.wakeAll(); // its waiters have lost their places
    };
    try {
      const session = await Session.open(this.#etcd, seconds);
      session.lost.addEventListener('abort', forget, { once: true });
      return session;
    } catch (error) {
      forget();
      throw error;
    }
  }
}
