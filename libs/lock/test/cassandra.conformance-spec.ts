import { describe, expect, it } from 'vitest';
import {
  CassandraClient,
  isUnanswered,
  type Outcome,
  type Statement,
} from '../src/drivers/cassandra/client.js';
import { Lease } from '../src/drivers/cassandra/lease.js';
import { setUp } from './conformance.js';
import { nothing } from './conformance/check.js';
import { behindNetwork } from './conformance/network.js';

const TTL = 10_000;
const LOST = new Error('the answer was lost');

/** A client between which and its node one answer gets lost, or one request comes late. */
class Unlucky extends CassandraClient {
  /** What becomes of the next transaction. */
  next: 'answered' | 'answer lost' | 'late' = 'answered';
  /** Delivers what came late. */
  deliver: () => Promise<Outcome> = () => Promise.reject(new Error('nothing is late'));
  isSilent = false;

  override look(...args: Parameters<CassandraClient['look']>) {
    return this.isSilent ? Promise.reject(LOST) : super.look(...args);
  }

  override transact(statement: Statement) {
    return this.#meet(() => super.transact(statement));
  }

  override transactAll(statements: readonly Statement[]) {
    return this.#meet(() => super.transactAll(statements));
  }

  async #meet(send: () => Promise<Outcome>): Promise<Outcome> {
    const fate = this.next;
    this.next = 'answered';
    if (fate === 'answered') return send();
    if (fate === 'late') this.deliver = send;
    else await send();
    throw LOST;
  }
}

describe('cassandra', () => {
  const subject = setUp('cassandra');

  async function contenders() {
    const resource = subject().resource();
    const client = new Unlucky(subject().store.backends.cassandra!);
    return { client, lease: new Lease(client, resource, 'one'), other: new Lease(client, resource, 'other') };
  }

  it('takes a read and a transaction to lock a free lock, and a transaction to release it', async () => {
    const { network, lock } = await behindNetwork(subject());
    await lock.withLock(subject().resource(), { ttl: TTL, wait: 0 }, nothing);
    const before = network.requests;
    for (let i = 0; i < 20; i++) await lock.withLock(subject().resource(), { ttl: TTL, wait: 0 }, nothing);
    expect(network.requests - before).toBeGreaterThanOrEqual(60);
    expect(network.requests - before).toBeLessThanOrEqual(60 + 2); // a heartbeat may come between
  });

  it('finds by a serial read that it was granted the lock when the answer was lost', async () => {
    const { client, lease, other } = await contenders();
    client.next = 'answer lost';
    expect(await lease.take(TTL)).toMatchObject({ token: 1n });
    expect(await other.take(TTL)).toBeUndefined();
    expect(await lease.release()).toBe(true);
    expect(await other.take(TTL)).toMatchObject({ token: 2n });
    await client.close();
  });

  it('is not granted a lock by a try that arrives after the next holder is done, or its own caller has given up', async () => {
    const { client, lease, other } = await contenders();
    client.next = 'late';
    expect(await lease.take(TTL)).toMatchObject({ token: 1n });
    expect(await lease.release()).toBe(true);
    expect(await client.deliver()).toMatchObject({ applied: false, holder: null });

    client.next = 'late';
    const taking = other.take(TTL);
    client.isSilent = true; // after the look that the try begins with
    await expect(taking).rejects.toSatisfy(isUnanswered);
    client.isSilent = false;
    await other.withdraw();
    expect(await client.deliver()).toMatchObject({ applied: false, holder: null });
    await client.close();
  });

  it('takes back a try that was carried out when its caller has given up', async () => {
    const { client, lease, other } = await contenders();
    client.next = 'answer lost';
    const taking = lease.take(TTL);
    client.isSilent = true;
    await expect(taking).rejects.toSatisfy(isUnanswered);
    client.isSilent = false;
    expect(await other.take(TTL)).toBeUndefined();
    await lease.withdraw();
    expect(await other.take(TTL)).toMatchObject({ token: 2n });
    await client.close();
  });

  it('knows a release that it has to repeat for its own, and deletes nobody else’s lease', async () => {
    const { client, lease, other } = await contenders();
    await lease.take(TTL);
    client.next = 'answer lost';
    expect(await lease.release()).toBe(true);
    await other.take(TTL);
    client.next = 'late';
    expect(await lease.release()).toBe(true);
    expect(await client.deliver()).toMatchObject({ applied: false, holder: 'other' });
    expect(await lease.extend(TTL)).toBe(false);
    expect(await other.extend(TTL)).toBe(true);
    await client.close();
  });
});
