import { OwnDatabase } from '@app/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Service } from '../../../local/services/service.js';
import { hasPgbouncer } from '../../../local/setup/pgbouncer.js';
import { startPooler } from '../../../local/stack/pooler.js';
import { startReplica } from '../../../local/stack/replica.js';
import { Stack } from '../../../local/stack/stack.js';
import type { Shopper } from './shopper.js';
import { Stampede } from './stampede.js';

/** Fewer than any process has connections, so that all share them. */
const SESSIONS = 5;
const STRATEGIES = [
  'redis',
  'conditional-update',
  'row-lock',
  'optimistic',
  'serializable',
  'skip-locked',
  'postgres-advisory',
];
const SOUND = { pending: 0, oversold: 0, lostUpdates: 0, conserved: true };
/** The package of Debian 12 has 1.18, which mixes them up. */
const DATABASE_POOLER = process.env.POOLER_PREPARES ? 'transaction-prepared' : 'transaction';
/** Milliseconds, short, so that what was left behind is soon taken up. */
const QUICK = { LOCK_TTL_MS: '2000', JOB_LOCK_MS: '2000', SWEEP_INTERVAL_MS: '300' };

describe.skipIf(!hasPgbouncer())(
  `two APIs and two workers through a PgBouncer with ${SESSIONS} sessions (apt-get install pgbouncer)`,
  () => {
    let database: OwnDatabase;
    let pooler: Service;
    let stack: Stack;
    let stampede: Stampede;
    let shopper: Shopper;
    let direct: pg.Pool;
    beforeAll(async () => {
      database = await OwnDatabase.create(inject('databaseUrl'));
      direct = new pg.Pool({ connectionString: database.url });
      const started = await startPooler(database.url, SESSIONS);
      pooler = started.server;
      const stop = () => pooler.stop();
      const servers = { databaseUrl: database.url, redisUrl: inject('redisUrl'), stop };
      stack = new Stack(servers, { ...QUICK, ...started.env, DATABASE_POOLER });
      await stack.migrate();
      await stack.startApis(2);
      await stack.startWorkers(2);
      stampede = new Stampede(stack);
      shopper = stampede.shopper;
    }, 120_000);
    afterAll(async () => {
      await stack.stop();
      await direct.end();
      await database.drop();
    });

    it.each(STRATEGIES)('sell exactly 500 (%s)', (strategy) => stampede.sellsExactly(strategy), 120_000);

    it.each(STRATEGIES)(
      'are paid, cancelled and left, and sell again what came back (%s)',
      async (strategy) => {
        const saleId = await shopper.openSale(strategy, 4, 1, { reservationTtlSeconds: 3, perBuyerLimit: 2 });
        const [paid, cancelled] = await Promise.all([1, 2, 3, 4].map(() => shopper.reserve(saleId)));
        expect(await shopper.pay(paid!, 'tok_visa')).toBe(200);
        await shopper.cancel(cancelled!);
        const total = () => shopper.drained(saleId);
        await expect
          .poll(total, { timeout: 20_000 })
          .toMatchObject({ ...SOUND, available: 3, held: 0, sold: 1 });
        await shopper.reserve(saleId);
      },
      60_000,
    );

    it(
      'lose nothing and double nothing when it is killed under load',
      () => stampede.survives('redis', [pooler], (server) => server.kill()),
      120_000,
    );

    it('never open more sessions than it has, and answer nothing by 500', async () => {
      const { rows } = await direct.query<{ sessions: number }>(
        `SELECT count(*)::int AS sessions FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'checkout-%'`,
      );
      expect(rows[0]!.sessions).toBeLessThanOrEqual(SESSIONS);
      for (const url of stack.apiUrls)
        expect(await (await fetch(`${url}/metrics`)).text()).not.toMatch(/^http_.*status="500"/m);
    });

    it('have no sale that locks by sessions, unless they know a way past it', async () => {
      const api = await startReplica('checkout-api', 'api-without-direct-url', {
        ...stack.env,
        DATABASE_DIRECT_URL: '',
      });
      try {
        const response = await fetch(`${api.url}/sales`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.adminKey}` },
          body: JSON.stringify({
            name: 'test',
            strategy: 'postgres-advisory',
            items: [{ sku: 'hot', stock: 1 }],
          }),
        });
        expect(response.status).toBe(422);
        expect(await response.json()).toMatchObject({
          code: 'STRATEGY_UNAVAILABLE',
          detail: expect.stringContaining('Set DATABASE_DIRECT_URL') as string,
        });
      } finally {
        await api.stop();
      }
    });
  },
);
