import { SessionQueueDriver } from '../../recipes/session-queue.js';
import { consulRemedy, ConsulClient, isRefused, isUnanswered, type Entry } from './client.js';
import { baseIn, baseKeyOf, ConsulPlace } from './place.js';
import { Session } from './session.js';

/**
 * A queue of contender keys in Consul, in order of their CreateIndex, each waiting by a blocking query for the key just
 * ahead. First come first served; one transaction locks a free lock, one releases it; CreateIndex makes the fencing token, counted
 * from a base that a re-seeding raises.
 *
 * Not the recipe of Consul's own `lock` (one key, acquired by whoever is first after a release): that has no order, wakes
 * every waiter at each release to have all but one refused by the Raft log, and lets a session that holds the key acquire
 * it again, so that callers of one process would not exclude each other. With a key each, one session serves them all.
 *
 * No lock-delay either: it keeps a key whose session was invalidated from being locked for a while, and here no key is
 * locked twice. What it is for (a holder that has not noticed) is done by the lease's local clock, which ends a lease
 * before Consul can, and by the fencing token.
 *
 * TTLs are whole seconds, of 10 s to 24 h unless the server is configured otherwise; a shorter one is raised. A crashed
 * holder is given up between one and two TTLs later. Each waiter keeps one HTTP connection: Consul allows 200 per client
 * address by default (`http_max_conns_per_client`).
 *
 * Source: https://developer.hashicorp.com/consul/docs/automate/session
 */
export class ConsulDriver extends SessionQueueDriver<Session, Entry> {
  readonly #consul: ConsulClient;

  /** @param url of an agent's HTTP API */
  constructor(
    url: string,
    private readonly prefix = 'lock',
  ) {
    super();
    this.#consul = new ConsulClient(url);
  }

  protected openSession(seconds: number) {
    return Session.open(this.#consul, seconds);
  }

  protected place(session: Session, resource: string) {
    return new ConsulPlace(this.#consul, session, this.prefix, resource);
  }

  readonly remedyFor = consulRemedy;
  protected readonly isUnanswered = isUnanswered;

  protected async raiseBase(resource: string, least: bigint) {
    const Key = baseKeyOf(this.prefix, resource);
    const Value = Buffer.from(String(least)).toString('base64');
    for (let raised = false; !raised;) {
      const [seen] = await this.#consul.transact([{ KV: { Verb: 'get-tree', Key } }]);
      if (baseIn(seen) >= least) return;
      const cas = this.#consul.transact([{ KV: { Verb: 'cas', Key, Value, Index: seen?.ModifyIndex ?? 0 } }]);
      raised = await cas.then(
        () => true,
        (error: unknown) => {
          if (!isRefused(error)) throw error;
          return false;
        },
      );
    }
  }

  protected disconnect() {
    this.#consul.close();
  }
}
