import { ANSWER_MS } from '../../async/answer-ms.js';
import { orAbort } from '../../async/or-abort.js';
import { orUnavailable } from '../../async/or-unavailable.js';
import { within } from '../../async/within.js';
import type { Grant, LockDriver, LockRequest } from '../../contract.js';
import { LockBackendUnavailableError } from '../../errors.js';
import { Place } from './place.js';
import { Session, zookeeperRemedy } from './session.js';
import { sweepLater } from './sweep.js';

/** The TTL of a session that is opened for a re-seeding, in milliseconds. */
const RESEED_TTL_MS = 10_000;

/**
 * The lock recipe of ZooKeeper: first come first served across processes, woken by a watch, ended with its session. A zxid is the fencing
 * token, plus a base where the servers came back with older data. One round trip takes a free lock, one releases it. It is safe while a
 * majority of the ensemble lives.
 *
 * There is one session per TTL and process, and its end frees the locks. The servers bound the TTL: by default to between 2 and 20 of
 * their ticks. They look for expired sessions once per tick, so a crashed holder blocks others for up to a tick more.
 *
 * A client's server that is a follower tells the leader of signs of life with a delay. If it is cut off just then, the session may end
 * there up to half a TTL before the lease does here. The token makes that harmless for fenced writes.
 */
export class ZookeeperDriver implements LockDriver {
  readonly #sessions = new Map<number, Session>();
  #closed = false;

  /**
   * @param servers `host:port,host:port`, with the path to a root for all nodes at the end if there is one, and `user:password@` in
   *   front where nodes are for certain users only (scheme `digest`)
   */
  constructor(
    private readonly servers: string,
    private readonly root = '/lock',
  ) {}

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    try {
      return await this.#reachFront(resource, request);
    } catch (error) {
      request.signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    }
  }

  readonly remedyFor = zookeeperRemedy;

  async reseed(resource: string, above: bigint) {
    const open = [...this.#sessions.values()].find(({ lost }) => !lost.aborted);
    const session = open ?? this.#session(RESEED_TTL_MS);
    const raised = session.ready.then(() => session.raiseBase(this.#parentOf(resource), above));
    await orUnavailable(resource, within(ANSWER_MS, raised));
  }

  async close() {
    this.#closed = true;
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  /** Queues until it is first; once more, at the end, when its session ended while it waited. */
  async #reachFront(resource: string, request: LockRequest): Promise<Grant> {
    const { ttl, signal } = request;
    for (;;) {
      const session = this.#session(ttl);
      await orAbort(session.ready, signal);
      const place = new Place(session, this.#parentOf(resource));
      try {
        await orAbort(within(ANSWER_MS, place.joined()), signal);
        const token = await orAbort(
          place.first(() => request.contended?.()),
          signal,
        );
        return grant(resource, place, session, token);
      } catch (error) {
        place.leave().catch(() => undefined); // until it succeeds or the session has gone, and the node with it
        if (!session.lost.aborted) throw error;
      }
    }
  }

  #session(ttl: number): Session {
    if (this.#closed) throw new Error('the driver is closed');
    const open = this.#sessions.get(ttl);
    if (open && !open.lost.aborted) return open;
    const session = new Session(this.servers, ttl);
    this.#sessions.set(ttl, session);
    session.ready.then(() => sweepLater(session, this.root)).catch(() => undefined);
    return session;
  }

  /** The prefix keeps `.` and `..` from being names, which ZooKeeper forbids. */
  #parentOf(resource: string) {
    return `${this.root}/of-${encodeURIComponent(resource)}`;
  }
}

const grant = (resource: string, place: Place, session: Session, token: bigint): Grant => ({
  holder: place.id,
  token,
  provenAt: session.provenAt,
  ttl: session.timeout,
  extend: () => place.isOurs(),
  lost: session.lost,
  release: () => orUnavailable(resource, within(ANSWER_MS, place.leave())),
});
