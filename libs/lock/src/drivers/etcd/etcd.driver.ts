import { CompareResult, CompareTarget } from 'etcd3';
import { SessionQueueDriver } from '../../recipes/session-queue.js';
import { etcdRemedy, isUnanswered, openClient } from './client.js';
import { Deletions } from './deletions.js';
import { baseIn, baseKeyOf, EtcdPlace, type Ahead } from './place.js';
import { Session } from './session.js';

/**
 * The recipe of etcd's own `client/v3/concurrency`: contenders queue by the create revision of their keys, each watches the key just
 * ahead, and all keys live under one lease. First come first served. A free lock takes one round trip. The create revision makes the
 * fencing token, counted from a base that a re-seeding raises.
 *
 * TTLs are whole seconds, and 1.5 election time-outs of the server at least (2 s by default).
 *
 * The end of a lease does not stop its holder: only a fenced write excludes it (Jepsen, "etcd 3.4.3", 2020). A cluster that is restored
 * from a snapshot sets revisions back, and tokens with them: re-seed them.
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

  readonly remedyFor = etcdRemedy;
  protected readonly isUnanswered = isUnanswered;

  protected async raiseBase(resource: string, least: bigint) {
    const key = baseKeyOf(this.prefix, resource);
    for (let raised = false; !raised;) {
      const seen = await this.#etcd.kv.range({ key });
      if (baseIn(seen) >= least) return;
      const mod_revision = seen.kvs[0]?.mod_revision ?? '0';
      const asSeen = { key, target: CompareTarget.Mod, result: CompareResult.Equal, mod_revision };
      const put = { request_put: { key, value: Buffer.from(String(least)) } };
      raised = (await this.#etcd.kv.txn({ compare: [asSeen], success: [put], failure: [] })).succeeded;
    }
  }

  protected disconnect() {
    this.#deletions.close();
    this.#etcd.close();
  }
}
