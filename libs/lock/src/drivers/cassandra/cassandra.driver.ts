import { randomUUID } from 'node:crypto';
import { orUnavailable } from '../../async/or-unavailable.js';
import { persist } from '../../async/persist.js';
import type { Grant, LockDriver, LockRequest } from '../../contract.js';
import { poll } from '../../recipes/poll.js';
import { CassandraClient, cassandraRemedy, isUnanswered } from './client.js';
import { Lease } from './lease.js';

/**
 * A row with an end, taken by a lightweight transaction of Cassandra (Paxos): inserted if there is none, and in the same transaction the
 * fence of the resource, which has no end, is raised by compare and set. Extended and deleted only while the row still names its holder.
 *
 * A time-out of a transaction says nothing about its outcome. Each caller has a holder id of its own, and looks by a serial read, which
 * completes a proposal that is under way. A try that arrives later still finds a raised fence, and fails.
 *
 * Waiters poll with jitter, in no order: a queue of rows would be a queue of tombstones. They read what is settled, as reads of a majority
 * do not get into the way of proposals.
 *
 * TTLs are whole seconds, and a node drops the fraction of the second at which it begins to count: the store keeps a lease for up to two
 * seconds longer than was asked for. Which node counts is a matter of chance, so their clocks must agree to within a fraction of the TTL;
 * the fence makes it harmless for fenced writes if they do not.
 *
 * Source: https://cassandra.apache.org/doc/5.0/cassandra/architecture/guarantees.html#lightweight-transactions-with-linearizable-consistency
 */
export class CassandraDriver implements LockDriver {
  readonly #cassandra: CassandraClient;

  /** @param hosts of one cluster, `host:port,host:port`; `user:password@` in front where it wants to know who asks */
  constructor(hosts: string) {
    this.#cassandra = new CassandraClient(hosts);
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const lease = new Lease(this.#cassandra, resource, randomUUID());
    const { token, provenAt } = await poll(
      resource,
      request,
      () => lease.take(request.ttl),
      () => lease.withdraw(),
    );
    return {
      holder: lease.holder,
      token,
      provenAt,
      extend: (ttl) => lease.extend(ttl),
      release: () => orUnavailable(resource, lease.release()),
    };
  }

  async reseed(resource: string, above: bigint) {
    const lease = new Lease(this.#cassandra, resource, randomUUID());
    const raised = persist(() => lease.raiseFence(above), isUnanswered);
    await orUnavailable(resource, raised);
  }

  readonly remedyFor = cassandraRemedy;

  async close() {
    await this.#cassandra.close();
  }
}
