import { oneShard, openRedis, readyRedis } from '@app/servers';
import { orderOf, TcpProxy } from '@app/testing';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  cutOff,
  reattach,
  startReplicatedRedis,
  stopReplicatedRedis,
  type ReplicatedRedis,
} from '../../../local/services/redis-sentinel.js';
import { askRedis } from '../../../local/services/redis.js';
import { Admissions, type QueuedOrder } from '../src/index.js';

const SOON = { timeout: 20_000, interval: 100 };

let store: ReplicatedRedis;
let other: ReplicatedRedis;
/** To where orders enter. */
let relay: TcpProxy;
let connections: Redis[];
let admissions: Admissions;
beforeAll(async () => {
  [store, other] = await Promise.all([startReplicatedRedis(1), startReplicatedRedis(1)]);
  const password = store.env.REDIS_PASSWORD!;
  await askRedis(other.primary.url, (redis) => redis.config('SET', 'requirepass', password));
  relay = await TcpProxy.before(store.primary.url);
  const open = (url: string) =>
    readyRedis(
      openRedis({ kind: 'one', url }, { name: 'test', patience: 'requests' }, { warn: () => undefined }),
    );
  connections = await Promise.all([store.primary.url, relay.leadingTo(store.primary.url)].map(open));
  const [redis, entrance] = connections as [Redis, Redis];
  const rules = {
    idempotencyTtlSeconds: 60,
    maxBacklog: 1_000,
    maxBacklogOfSale: 1_000,
    replicas: 1,
    lookUp: async (orders: readonly QueuedOrder[]) => orders.map(() => 'first' as const),
    lookAtStock: () => Promise.reject(new Error('nothing is counted')),
  };
  admissions = new Admissions(oneShard(redis), rules, oneShard(entrance));
}, 60_000);
afterAll(async () => {
  for (const redis of connections) redis.disconnect();
  await relay.close();
  await Promise.all([store, other].map(stopReplicatedRedis));
});

const replica = () => store.replicas[0]!;
const heal = () => reattach(store, replica());

it('says that an order is accepted once a replica has it', async () => {
  const order = orderOf(randomUUID());
  expect(await admissions.admit(order)).toBe('accepted');
  expect(await admissions.admit(order)).toBe('queued');
});

describe('without its replica', () => {
  beforeEach(() => cutOff(replica()));
  afterEach(heal);

  it('does not, nor when the same order comes again, also after others of its sale were refused', async () => {
    const saleId = randomUUID();
    const order = orderOf(saleId);
    expect(await admissions.admit(order)).toBe('unreplicated');
    expect(await admissions.admit(order)).toBe('unreplicated');
    expect(await admissions.admit(orderOf(saleId), { guests: 'nobody' })).toBe('not-admitted');
    expect(await admissions.admit(order)).toBe('unreplicated'); // after a look
    await heal();
    await vi.waitFor(async () => expect(await admissions.admit(order)).toBe('queued'), SOON);
  });

  it('keeps nobody else waiting', async () => {
    const entering = admissions.admit(orderOf(randomUUID())).then(() => 'has entered');
    const asking = admissions.backlog().then(() => 'is told');
    expect(await Promise.race([entering, asking])).toBe('is told');
    await entering;
  });
});

it('never takes replicas of another server for its own, though it is led there while it waits', async () => {
  const saleId = randomUUID();
  await vi.waitFor(async () => expect(await admissions.admit(orderOf(saleId))).toBe('accepted'), SOON);
  await cutOff(replica());
  const told = admissions.admit(orderOf(saleId)).catch(() => 'unknown');
  await sleep(200); // it is in the queue, and waits for the replica
  relay.leadTo('127.0.0.1', Number(new URL(other.primary.url).port));
  relay.cut();
  relay.heal();
  expect(['unknown', 'unreplicated']).toContain(await told);
});
