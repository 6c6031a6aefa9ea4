import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { askRedis } from '../../../local/services/redis.js';
import {
  promotedInCluster,
  startSafeCluster,
  stopRedisCluster,
  type RedisCluster,
} from '../../../local/services/redis-cluster.js';
import type { Stack } from '../../../local/stack/stack.js';
import { Stampede } from './stampede.js';
import { startedOnReplicas } from './support/started-stack.js';

/** Of one request: connections that do not answer are given up sooner, and a busy machine takes longer. */
const ANSWER_MS = 10_000;

let redis: RedisCluster;
let stack: Stack;
beforeAll(async () => {
  redis = await startSafeCluster();
  const stop = () => stopRedisCluster(redis);
  stack = await startedOnReplicas(
    { redisUrl: redis.primaries[0]!.url, redisEnv: redis.env, databaseUrl: inject('databaseUrl'), stop },
    { SALE_MAX_SECTIONS: '2' },
  );
}, 120_000);
afterAll(() => stack.stop());

/** The primary that has the keys of this sale. */
async function primaryOf(saleId: string): Promise<number> {
  const found = await Promise.all(
    redis.primaries.map(({ url }) => askRedis(url, (primary) => primary.keys(`*checkout:${saleId}:*`))),
  );
  return found.findIndex((keys) => keys.length > 0);
}

it('sells exactly in sales all over the cluster at the same time', async () => {
  const stampede = new Stampede(stack);
  await Promise.all(['redis', 'redis', 'redis-setnx'].map((strategy) => stampede.sellsExactly(strategy)));
}, 240_000);

it('shows the queues of all shards, each by a name of its own', async () => {
  const headers = { authorization: `Bearer ${stack.adminKey}` };
  const answer = await fetch(`${stack.apiUrls[0]}/queues/api/queues`, { headers });
  const { queues } = (await answer.json()) as { queues: { name: string }[] };
  const names = Array.from({ length: 12 }, (_, i) => [`shard ${i}: checkouts`, `shard ${i}: releases`]);
  expect(queues.map(({ name }) => name).toSorted()).toEqual(names.flat().toSorted());
});

it('SIGKILL of one primary under load loses no accepted order, and whoever buys elsewhere notices nothing', async () => {
  const stampede = new Stampede(stack);
  const { shopper } = stampede;
  const elsewhere: string[] = [];
  while (Object.keys(elsewhere).length < redis.primaries.length) {
    const saleId = await shopper.openSale('redis', 100);
    await shopper.reserve(saleId);
    elsewhere[await primaryOf(saleId)] = saleId;
  }
  const killPrimaryOf = async (saleId: string) => {
    const i = await primaryOf(saleId);
    const [killed, replica] = [redis.primaries[i]!, redis.replicas[i]!];
    await askRedis(replica.url, (server) => server.config('SET', 'cluster-replica-no-failover', 'yes'));
    await killed.kill();
    const begun = performance.now();
    const refused = await shopper.checkoutOnce(saleId, 'impatient');
    expect(performance.now() - begun).toBeLessThan(ANSWER_MS);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    for (const other of elsewhere.filter((_, primary) => primary !== i)) {
      const accepted = await shopper.stampede(other, 50, 8);
      expect(accepted).toHaveLength(50);
      expect(await shopper.drained(other)).toMatchObject({ held: 51, oversold: 0, lostUpdates: 0 });
    }
    const health = await Promise.all(stack.apiUrls.map((url) => fetch(`${url}/health/ready`)));
    expect(health.map(({ status }) => status)).toEqual([200, 200]);
    await askRedis(replica.url, (server) => server.config('SET', 'cluster-replica-no-failover', 'no'));
    await promotedInCluster(
      replica,
      redis.primaries.filter((other) => other !== killed),
    );
    await killed.start(); // as the replica of the other: only then do two have what is accepted
  };
  const primary = { start: async () => undefined, killOf: killPrimaryOf };
  await stampede.survives('redis', [primary], ({ killOf }, saleId) => killOf(saleId));
}, 240_000);
