import { migrate } from '@app/database';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Hosts, whyNoHosts } from '../../../local/network/hosts.js';
import { startPostgresOn } from '../../../local/services/postgres.js';
import { startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { startReplica } from '../../../local/stack/replica.js';
import { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { Stampede } from './stampede.js';

const NAMES = ['api', 'worker', 'worker-2', 'redis', 'postgres'] as const;
const PAIRS = [
  ['api', 'redis'],
  ['api', 'postgres'],
  ['worker', 'redis'],
  ['worker', 'postgres'],
] as const;
/** Longer than anybody waits for an answer, in milliseconds. */
const CUT_MS = 5_000;
/** More than is asked for. */
const STOCK = 100_000;
const patient = { timeout: 30_000, interval: 100 };

const hindrance = whyNoHosts();
const leftOut = hindrance ? `, left out: ${hindrance}` : '';

describe.skipIf(hindrance)(`API, workers, Redis and Postgres on hosts of their own${leftOut}`, () => {
  let hosts: Hosts<(typeof NAMES)[number]>;
  let servers: Service[] = [];
  let stack: Stack;
  let shopper: Shopper;
  beforeAll(async () => {
    hosts = await Hosts.create(...NAMES);
    const on = (name: (typeof NAMES)[number]) => hosts.on(name);
    servers = await Promise.all([startRedisProgram({ host: on('redis') }), startPostgresOn(on('postgres'))]);
    const [redis, postgres] = servers as [Service, Service];
    const reached = {
      redisUrl: await on('redis').reach(redis.url),
      databaseUrl: await on('postgres').reach(postgres.url),
    };
    await migrate(reached.databaseUrl);
    const env = { REDIS_URL: redis.url, DATABASE_URL: postgres.url };
    stack = new Stack({ ...reached, stop: async () => undefined }, env);
    stack.apis = [await startReplica('checkout-api', 'api-on-host', stack.env, [], on('api'))];
    stack.workers = await Promise.all(
      (['worker', 'worker-2'] as const).map((name) =>
        startReplica('checkout-worker', `${name}-on-host`, stack.env, [], on(name)),
      ),
    );
    shopper = new Shopper(stack);
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    await hosts?.end();
  });

  const isReady = async ({ url }: { url: string }) => (await fetch(`${url}/health/ready`)).ok;
  const allReady = async () =>
    (await Promise.all([...stack.apis, ...stack.workers].map(isReady))).every(Boolean);

  it('sell exactly while a packet in a hundred is lost', async () => {
    await hosts.lose(0.01);
    await new Stampede(stack).sellsExactly('redis');
    expect(await hosts.lost()).toBeGreaterThan(0);
    await hosts.heal();
  }, 60_000);

  it.each(PAIRS)(
    'lose nothing that was accepted where %s and %s no longer reach each other, and go on once they do',
    async (one, other) => {
      await expect.poll(allReady, patient).toBe(true);
      const saleId = await shopper.openSale('redis', STOCK);
      await shopper.reserve(saleId);
      const { accepted, close } = buyersOf(saleId);
      await expect.poll(() => accepted.length, patient).toBeGreaterThan(50);
      await hosts.partition(one, other);
      const healing = sleep(CUT_MS);
      const [cutOff] = one === 'api' ? stack.apis : stack.workers;
      await expect.poll(() => isReady(cutOff!), patient).toBe(false);
      const probes = Array.from({ length: 10 }, () => randomUUID());
      const answers = await Promise.all(probes.map((buyerId) => ask(saleId, buyerId)));
      // Redis alone is asked on the way to a 202; and what refuses says when to come again.
      const served = one === 'api' && other === 'redis' ? [] : [{ status: 202, retryAfter: null }];
      const allowed = [...served, { status: 503, retryAfter: expect.stringMatching(/^\d+$/) }];
      for (const answer of answers) expect(allowed).toContainEqual(answer);
      if (one === 'worker') await shopper.reserve(saleId); // by the other one
      await healing;
      expect(await hosts.lost()).toBeGreaterThan(0);
      await hosts.heal();
      await expect.poll(allReady, patient).toBe(true);
      await close();
      for (const buyerId of probes)
        await expect.poll(async () => (await ask(saleId, buyerId)).status, patient).toBe(202);
      expect(await shopper.drained(saleId)).toMatchObject({
        held: accepted.length + probes.length + (one === 'worker' ? 2 : 1),
        oversold: 0,
        lostUpdates: 0,
        conserved: true,
      });
      await shopper.reserve(saleId);
    },
    120_000,
  );

  /** Buyers who repeat until they are answered, one order after the other, until the close. */
  function buyersOf(saleId: string) {
    const accepted: string[] = [];
    const closing = new AbortController();
    const buyers = Array.from({ length: 8 }, async () => {
      while (!closing.signal.aborted) {
        accepted.push((await shopper.checkout(saleId, randomUUID()))!);
        await sleep(20);
      }
    });
    const close = async () => {
      closing.abort();
      await Promise.all(buyers);
    };
    return { accepted, close };
  }

  /** One checkout, tried once; of the same buyer it is the same. */
  async function ask(saleId: string, buyerId: string) {
    const response = await shopper.checkoutOnce(saleId, buyerId, 'probe');
    return { status: response.status, retryAfter: response.headers.get('retry-after') };
  }
});
