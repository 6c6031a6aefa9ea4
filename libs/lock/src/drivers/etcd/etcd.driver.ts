import { SessionQueueDriver } from '../session-queue.js';
import { openClient } from './client.js';
import { Deletions } from './deletions.js';
import { EtcdPlace, type Ahead } from './place.js';
import { Session } from './session.js';

/**
 * The recipe of etcd's own `client/v3/concurrency`: contenders queue by the create revision of their keys, each watches
 * the key just ahead, and all keys live under one lease. First come first served; one round trip for a free lock; the
 * create revision makes the fencing token.
 *
 * TTLs are whole seconds, at least 1.5 election time-outs of the server (2 s by default). A lease says when a holder is
 * given up, not that it has stopped: only a fenced write excludes it (Jepsen, "etcd 3.4.3", 2020). Restoring the cluster
 * from a snapshot sets revisions back, tokens included.
 */
export class EtcdDriver extends SessionQueueDriver<Session, Ahead> {
  readonly #etcd;
  readonly #deletions;

  /** @param urls members of one cluster */
  constructor(
    urls: readonly string[],
    private readonly prefix = 'lock',
  ) {
    super();
    this.#etcd = openClient(urls);
    this.#deletions = new Deletions(this.#etcd);
  }

  protected openSession(seconds: number) {
    return Session.open(this.#etcd, seconds);
  }

  protected place(session: Session, resource: string) {
    return new EtcdPlace(this.#etcd, this.#deletions, session, this.prefix, resource);
  }

  protected disconnect() {
    this.#deletions.close();
    this.#etcd.close();
  }
}
