import { Etcd3 } from 'etcd3';
import { beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../src/drivers/etcd/client.js';
import { Deletions } from '../src/drivers/etcd/deletions.js';
import { EtcdPlace } from '../src/drivers/etcd/place.js';
import { Session } from '../src/drivers/etcd/session.js';
import { setUp } from './conformance.js';
import { nothing, queued } from './conformance/check.js';
import { eventually, within } from './support/eventually.js';
import { hold } from './support/hold.js';
import { etcdMetric } from './support/stores/etcd.js';

const options = { ttl: 10_000, wait: 20_000 };

describe('etcd', () => {
  const subject = setUp('etcd');
  let hosts: string[];
  beforeAll(() => {
    hosts = [...subject().store.backends.etcd!];
  });
  /** How often the server has carried out a method. */
  const requests = (method: string) => etcdMetric(hosts[0]!, 'grpc_server_msg_received_total', method);
  const watchers = () => etcdMetric(hosts[0]!, 'etcd_debugging_mvcc_watcher_total');

  it('takes one transaction to lock a free lock and one to release it', async () => {
    const lock = await subject().lock();
    await lock.withLock(subject().resource(), options, nothing); // the session is open
    const before = [await requests('Txn'), await requests('Range'), await requests('Watch')];
    for (let i = 0; i < 20; i++) await lock.withLock(subject().resource(), options, nothing);
    expect([await requests('Txn'), await requests('Range'), await requests('Watch')]).toEqual([
      before[0]! + 40,
      before[1],
      before[2],
    ]);
  });

  it('hands over by one event and one look, however many wait', async () => {
    const resource = subject().resource();
    const [holding, ...others] = await Promise.all(Array.from({ length: 9 }, () => subject().lock()));
    const holder = await hold(holding!, resource, options);
    let turn: () => void = () => undefined;
    const served = new Promise<void>((resolve) => (turn = resolve));
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const waiting = others.map((lock) =>
      lock.withLock(resource, options, async () => {
        turn();
        await ended;
      }),
    );
    await queued(subject(), resource, 9);
    await eventually('every waiter watches one key', async () => (await watchers()) === 8);
    const before = {
      ranges: await requests('Range'),
      events: await etcdMetric(hosts[0]!, 'etcd_debugging_mvcc_events_total'),
    };
    await holder.release();
    await within(5_000, 'the next one is served', served);
    expect(await requests('Range')).toBe(before.ranges + 1);
    expect(await etcdMetric(hosts[0]!, 'etcd_debugging_mvcc_events_total')).toBe(before.events + 1);
    end();
    await Promise.all(waiting);
  });

  it('looks again when the revision to watch from is compacted, or the stream is lost', async () => {
    const network = await subject().network();
    const etcd = openClient(network.backends.etcd!);
    const operator = new Etcd3({ hosts });
    const deletions = new Deletions(etcd);
    const key = Buffer.from(subject().resource());
    const { header } = await operator.put(key).value('');
    await operator.kv.compact({ revision: header.revision, physical: true });
    await within(5_000, 'a compacted revision is told', deletions.next(key, 1n, []));
    const next = deletions.next(key, BigInt(header.revision) + 1n, []);
    await eventually('it watches', async () => (await watchers()) === 1);
    network.cut();
    await within(5_000, 'a lost stream is told', next);
    deletions.close();
    etcd.close();
    operator.close();
  });

  it('does not let a put in that arrives after its caller has left', async () => {
    const resource = subject().resource();
    const network = await subject().network();
    const etcd = openClient(network.backends.etcd!);
    const session = await Session.open(etcd, 10);
    const place = new EtcdPlace(etcd, new Deletions(etcd), session, 'lock', resource);
    await place.isQueued(); // connected: a new connection could not be made while answers are held
    network.holdAnswers();
    const entering = place.enter();
    await queued(subject(), resource, 1);
    network.cut();
    network.heal();
    await entering;
    await place.leave();
    await place.enter(); // the same transaction as the put that was not answered
    expect(await subject().store.sessions!.queue(resource)).toEqual([]);
    await session.end();
    etcd.close();
  });
});
