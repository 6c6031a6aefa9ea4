import { TcpProxy } from '@app/testing';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { Stampede } from './stampede.js';
import { startedStack } from './support/started-stack.js';
import type { Stack } from '../../../local/stack/stack.js';

/** Two relays stand for the way to Redis and the way to Postgres. */
let relays: readonly [redis: TcpProxy, postgres: TcpProxy];
let stack: Stack;
beforeAll(async () => {
  const [redisUrl, databaseUrl] = [inject('redisUrl'), inject('databaseUrl')];
  relays = [await TcpProxy.before(redisUrl), await TcpProxy.before(databaseUrl)];
  const [redis, postgres] = relays;
  const env = { REDIS_URL: redis.leadingTo(redisUrl), DATABASE_URL: postgres.leadingTo(databaseUrl) };
  stack = await startedStack(env, { workers: 2 });
}, 60_000);
afterAll(async () => {
  for (const relay of relays) relay.heal();
  await stack.stop();
  await Promise.all(relays.map((relay) => relay.close()));
});

it.each([1, 5, 20])(
  'sells exactly where everything is %d ms away',
  async (ms) => {
    for (const relay of relays) relay.delay(ms);
    await new Stampede(stack).sellsExactly('redis');
  },
  120_000,
);
