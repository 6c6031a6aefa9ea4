import { Spawned, TcpProxy } from '@app/testing';
import { afterAll, beforeAll, beforeEach, afterEach, expect, inject, it, vi } from 'vitest';
import { mainOf } from '../../../local/setup/build.js';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { startedStack } from './support/started-stack.js';

/** Of the log: one line per cause. */
const INTERVAL_MS = 10_000;
/** The wall clock, which the log tells, and the one that it goes by. */
const CLOCKS_MS = 500;

const servers = { databaseUrl: inject('databaseUrl'), redisUrl: inject('redisUrl') };
let stack: Stack;
let shopper: Shopper;
let relays: { Postgres: TcpProxy; Redis: TcpProxy };
let worker: Spawned;
beforeAll(async () => {
  stack = await startedStack({}, { workers: 0 });
  shopper = new Shopper(stack);
});
afterAll(() => stack.stop());
beforeEach(async () => {
  const [Postgres, Redis] = await Promise.all(Object.values(servers).map((url) => TcpProxy.before(url)));
  relays = { Postgres: Postgres!, Redis: Redis! };
  worker = await Spawned.serving(mainOf('checkout-worker'), {
    ...stack.env,
    DATABASE_URL: relays.Postgres.leadingTo(servers.databaseUrl),
    REDIS_URL: relays.Redis.leadingTo(servers.redisUrl),
    SWEEP_INTERVAL_MS: '100',
  });
});
afterEach(async () => {
  worker.kill('SIGKILL');
  await Promise.all(Object.values(relays).map((relay) => relay.close()));
});

interface Line {
  readonly time: number;
  readonly msg: string;
  /** Which connection of several. */
  readonly connection?: string;
  readonly unlogged?: number;
  readonly err?: { readonly code?: string; readonly message: string };
}

const lines = () => worker.output.match(/^{.*}$/gm)?.map((line) => JSON.parse(line) as Line) ?? [];

/** When each was told, in milliseconds. */
function timesByCause(): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const { time, msg, connection, err } of lines()) {
    const cause = [msg, connection, err?.code ?? err?.message].join();
    times.set(cause, [...(times.get(cause) ?? []), time]);
  }
  return times;
}

it.each(['Postgres', 'Redis'] as const)(
  'a worker without %s writes a line per cause and ten seconds, and tells how many it left out',
  async (server) => {
    const saleId = await shopper.openSale('redis', 100);
    await shopper.reserve(saleId);
    relays[server].cut();
    await shopper.stampede(saleId, 20);
    const leftOut = () => Math.max(...lines().map(({ unlogged = 0 }) => unlogged));
    await vi.waitFor(() => expect(leftOut()).toBeGreaterThan(10), { timeout: 30_000 });
    const causes = [...timesByCause().values()];
    expect(causes.length).toBeLessThan(10);
    for (const times of causes) {
      const pauses = times.slice(1).map((time, i) => time - times[i]!);
      expect(Math.min(...pauses)).toBeGreaterThan(INTERVAL_MS - CLOCKS_MS);
    }
    relays[server].heal();
    expect(await shopper.drained(saleId)).toMatchObject({ held: 21, conserved: true });
  },
  90_000,
);
