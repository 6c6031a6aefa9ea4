import type { LockBackends, LockDriverName } from '@app/lock';
import { orderOf, Shop } from '@app/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startCassandra } from '../../../local/services/cassandra.js';
import { startConsul } from '../../../local/services/consul.js';
import { startEtcd } from '../../../local/services/etcd.js';
import { startMysql } from '../../../local/services/mysql.js';
import type { Service } from '../../../local/services/service.js';
import { startZookeeper } from '../../../local/services/zookeeper.js';
import { workersOn } from './support/workers.js';

/** The drivers with tokens, but for `redis`, which every test run has. */
const SERVERS = {
  etcd: { start: startEtcd, backends: ({ url }: Service): LockBackends => ({ etcd: url.split(',') }) },
  zookeeper: { start: startZookeeper, backends: ({ url }: Service): LockBackends => ({ zookeeper: url }) },
  consul: { start: startConsul, backends: ({ url }: Service): LockBackends => ({ consul: url }) },
  cassandra: { start: startCassandra, backends: ({ url }: Service): LockBackends => ({ cassandra: url }) },
  'mysql-key-lease': { start: startMysql, backends: ({ url }: Service): LockBackends => ({ mysql: url }) },
} as const satisfies Partial<Record<LockDriverName, object>>;

const chosen = process.env.CONFORMANCE_DRIVERS?.split(',');
const names = Object.keys(SERVERS) as (keyof typeof SERVERS)[];

describe.each(names.filter((name) => chosen?.includes(name) ?? true))('a sale locked by %s', (name) => {
  const opened: { close(): Promise<void> }[] = [];
  const shops: Shop[] = [];
  let server: Service;
  beforeAll(async () => {
    server = await SERVERS[name].start();
    shops.push(await Shop.open(inject('databaseUrl')), await Shop.open(inject('databaseUrl')));
  }, 60_000);
  afterAll(async () => {
    await Promise.all([...opened, ...shops].map((each) => each.close()));
    await server.stop();
  });

  it('goes on in every worker when the fences of its stock are far above the tokens of a server that came back with older data', async () => {
    const [shop, other] = shops as [Shop, Shop];
    const sale = await shop.sale({ hot: 20 }, name, null, 4);
    const worker = workersOn(SERVERS[name].backends(server), opened, true);
    const workers = [worker(shop, 4), worker(other, 4)];
    const sell = (orders: number, quantity: number) =>
      Promise.all(
        Array.from({ length: orders }, (_, i) =>
          workers[i % 2]!.reserve(orderOf(sale.id, { quantity }), sale),
        ),
      );
    await sell(4, 1);
    await shop.dataSource.query(
      'UPDATE stock SET fence_token = fence_token + 1000000000 WHERE sale_id = $1',
      [sale.id],
    );
    const outcomes = [...(await sell(8, 1)), ...(await sell(1, 8))]; // the last from all stripes
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['reserved']));
  });
});
