import { SessionQueueDriver } from '../../recipes/session-queue.js';
import { consulRemedy, ConsulClient, isRefused, isUnanswered, type Entry } from './client.js';
import { baseIn, baseKeyOf, ConsulPlace } from './place.js';
import { Session } from './session.js';

/**
 * A queue of contender keys in Consul, in order of their CreateIndex; each waits by a blocking query for the key just ahead. First
 * come first served. One transaction locks a free lock, one releases it. CreateIndex makes the fencing token, counted from a base that
 * a re-seeding raises.
 *
 * Consul's own `lock` works otherwise: it has one key, acquired by whoever is first after a release. That has no order, and each release
 * wakes every waiter. A session that holds the key may also acquire it again, so that callers of one process would not exclude each other.
 *
 * It uses no lock-delay, which keeps a key from being locked again soon after its session ended: here no key is locked twice. The local
 * clock of the lease and the fencing token guard against a holder that has not noticed its end.
 *
 * A TTL is raised to 10 s, the least that servers allow unless they are configured otherwise. A crashed holder loses the lock between
 * one and two TTLs later. Each waiter keeps one HTTP connection: Consul allows 200 per client address (`http_max_conns_per_client`).
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
