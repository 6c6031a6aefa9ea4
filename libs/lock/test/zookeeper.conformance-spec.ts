import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LockLostError } from '../src/index.js';
import { setUp } from './conformance.js';
import { nothing, outcomeOf, queued } from './conformance/check.js';
import { behindNetwork } from './conformance/network.js';
import { eventually, within } from './support/eventually.js';
import { hold } from './support/hold.js';
import { ZookeeperOperator } from './support/zookeeper-operator.js';

const options = { ttl: 20_000, wait: 20_000 };

describe('zookeeper', { timeout: 60_000 }, () => {
  const subject = setUp('zookeeper');
  let operator: ZookeeperOperator;
  beforeAll(async () => {
    operator = await ZookeeperOperator.at(subject().store.backends.zookeeper!);
  });
  afterAll(() => operator.close());

  it('is unavailable while the server is down, for a new session and an old one, and works on afterwards', async (context) => {
    const { kill, start } = subject().store;
    context.skip(!kill, 'the server is not ours to crash');
    const locks = await Promise.all([subject().lock(), subject().lock()]);
    await locks[0].withLock(subject().resource(), options, nothing);
    await kill!();
    for (const lock of locks) {
      const outcome = await outcomeOf(lock.withLock(subject().resource(), options, nothing));
      expect(outcome).toBe('LOCK_BACKEND_UNAVAILABLE');
    }
    await start!();
    for (const lock of locks) {
      const works = () => lock.withLock(subject().resource(), options, async () => true).catch(() => false);
      await eventually('it works again', works);
    }
  });

  it('counts a server that is silent for a TTL as a lost session, and finds the way back', async () => {
    const { network, lock } = await behindNetwork(subject());
    const resource = subject().resource();
    const held = await hold(lock, resource, { ttl: 1_000, wait: 5_000 });
    network.blackhole();
    await eventually('the holder knows', () => held.lease.signal.aborted);
    expect(held.lease.signal.reason).toBeInstanceOf(LockLostError);
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
    await (await subject().lock()).withLock(resource, options, nothing); // the server has given it up too
    network.heal();
    const works = () => lock.withLock(resource, { ttl: 1_000, wait: 5_000 }, async () => true);
    await eventually('it works again', () => works().catch(() => false));
  });

  it('leaves a server that went silent in time to keep the session', async () => {
    const [one, two] = await Promise.all([subject().network(), subject().network()]);
    const servers = `${one.backends.zookeeper},${two.backends.zookeeper}`;
    const lock = await subject().lock({ zookeeper: servers });
    const held = await hold(lock, subject().resource(), { ttl: 6_000, wait: 5_000 });
    const sent = one.requests;
    await lock.withLock(subject().resource(), { ttl: 6_000, wait: 5_000 }, nothing);
    const [used, other] = one.requests > sent ? [one, two] : [two, one];
    const before = other.requests;
    used.blackhole();
    await eventually('it uses the other way', () => other.requests > before);
    const { expiresAt } = held.lease;
    await eventually('the lease goes on', () => held.lease.expiresAt > expiresAt);
    await held.release();
  });

  it('does without a member that is down', async () => {
    const lock = await subject().lock({ zookeeper: `127.0.0.1:1,${subject().store.backends.zookeeper}` });
    expect(await lock.withLock(subject().resource(), options, async () => 'in')).toBe('in');
  });

  it('closes, whether the server answers, is silent or is down', async () => {
    const connections = () => operator.figure('zk_num_alive_connections');
    const before = await connections();
    const network = await subject().network();
    const [one, two] = [await subject().driver(), await subject().driver(network.backends)];
    const resource = subject().resource();
    const request = { ttl: 1_000, signal: new AbortController().signal };
    for (const driver of [one, two]) void driver.acquire(resource, request).catch(nothing);
    await queued(subject(), resource, 2);
    await one.close();
    await queued(subject(), resource, 1);
    network.blackhole();
    await within(5_000, 'closing', two.close());
    network.cut();
    await queued(subject(), resource, 0);
    await eventually('no connection is left', async () => (await connections()) === before);
  });

  it('leaves no parent of a name, whatever its characters', async () => {
    const names = ['.', '..', '/', 'a/b', 'a%2Fb', 'ü ✓', '\u0000'];
    const lock = await subject().lock();
    const held = await Promise.all(names.map((name) => hold(lock, name, { ...options, wait: 5_000 })));
    expect(await operator.parents(names)).toBe(names.length);
    await Promise.all(held.map((each) => each.release()));
    await eventually('no parent is left', async () => (await operator.parents(names)) === 0);
  });

  it('gives out growing tokens also when the parent has gone and its numbers start again', async () => {
    const resource = subject().resource();
    const lock = await subject().lock();
    const seen: { token: bigint; node: string }[] = [];
    for (let i = 0; i < 3; i++) {
      await lock.withLock(resource, options, async (lease) => {
        const [place] = await operator.queue(resource);
        seen.push({ token: lease.token!, node: place!.key.slice(-10) });
      });
      await eventually('the parent has gone', async () => (await operator.parents([resource])) === 0);
    }
    expect(seen.map(({ node }) => node)).toEqual(['0000000000', '0000000000', '0000000000']);
    expect(seen[1]!.token).toBeGreaterThan(seen[0]!.token);
    expect(seen[2]!.token).toBeGreaterThan(seen[1]!.token);
  });

  it('removes, a TTL after a process has begun, the parents that crashed ones have left', async () => {
    const resource = subject().resource();
    const { network, lock } = await behindNetwork(subject());
    const held = await hold(lock, resource, options);
    const [place] = await queued(subject(), resource, 1);
    await subject().store.sessions!.end(place!.session, network);
    await eventually('the holder knows', () => held.lease.signal.aborted);
    expect(await outcomeOf(held.release())).toBe('LOCK_LOST');
    expect(await operator.parents([resource])).toBe(1);
    const other = await subject().lock();
    await other.withLock(subject().resource(), { ttl: 1_000, wait: 5_000 }, nothing);
    await eventually('the parent has gone', async () => (await operator.parents([resource])) === 0);
  });

  it('keeps one watch on a holder however many gave up waiting for it', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error) => warnings.push(warning);
    process.on('warning', hear);
    const resource = subject().resource();
    const lock = await subject().lock();
    const held = await hold(lock, resource, options);
    for (let i = 0; i < 30; i++) {
      const caller = new AbortController();
      const waiting = lock.withLock(resource, { ...options, signal: caller.signal }, nothing);
      await queued(subject(), resource, 2);
      await eventually('it watches', async () => (await operator.figure('zk_watch_count')) > 0);
      caller.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
      await queued(subject(), resource, 1);
    }
    expect(await operator.figure('zk_watch_count')).toBe(1);
    await held.release();
    expect(await operator.figure('zk_watch_count')).toBe(0);
    process.off('warning', hear);
    expect(warnings).toEqual([]); // MaxListenersExceededWarning, if the library piled up listeners
  });
});
