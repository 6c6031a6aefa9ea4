import { EXIT } from '@app/process';
import { Spawned, TcpProxy } from '@app/testing';
import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { mainOf } from '../../../local/setup/build.js';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { holdLock } from './support/held-lock.js';
import { Rival } from './support/rival.js';
import { startedStack } from './support/started-stack.js';

/** Orders, several jobs of them. */
const STUCK = 100;
const patient = { timeout: 20_000, interval: 50 };

let stack: Stack;
let shopper: Shopper;
const rival = new Rival();
const database = new pg.Pool({ connectionString: inject('databaseUrl') });
beforeAll(async () => {
  stack = await startedStack();
  shopper = new Shopper(stack);
});
afterAll(async () => {
  await rival.stop();
  await database.end();
  await stack.stop();
});

it('a worker that is told to end is alive and not ready until it has let go of its orders, and loses none', async () => {
  const worker = stack.workers[0]!;
  const status = async (path: string) => (await fetch(`${worker.url}${path}`)).status;
  const waiters = async () => /^lock_waiters.* 1$/m.test(await (await fetch(`${worker.url}/metrics`)).text());
  const saleId = await shopper.openSale('redis-setnx', 5);
  let ended: Promise<void> | undefined;
  await rival.holds('redis-setnx', saleId, async () => {
    await shopper.checkout(saleId, 'ann');
    await vi.waitFor(async () => expect(await waiters()).toBe(true), { timeout: 10_000 });
    expect(await status('/health/ready')).toBe(200);
    ended = worker.stop();
    await vi.waitFor(async () => expect(await status('/health/ready')).toBe(503), { timeout: 3_000 });
    expect(await status('/health/live')).toBe(200);
    await ended;
  });
  await worker.start();
  expect(await shopper.drained(saleId)).toMatchObject({ held: 1, pending: 0 });
}, 60_000);

/** Milliseconds, short: the fault is soon there, and what is left behind is soon taken up. */
const HASTY = {
  JOB_LOCK_MS: '2000',
  LOCK_TTL_MS: '2000',
  SWEEP_INTERVAL_MS: '300',
  SHUTDOWN_TIMEOUT_MS: '4000',
};

describe('a worker that is told to end', () => {
  /** With another worker in the stack, it may not be the one that takes an order. */
  async function alone(env: NodeJS.ProcessEnv = {}): Promise<Spawned> {
    await stack.stopWorkers();
    const worker = await Spawned.serving(mainOf('checkout-worker'), { ...stack.env, ...HASTY, ...env });
    onTestFinished(async () => {
      worker.kill('SIGKILL');
      await worker.ended;
    });
    return worker;
  }

  /** A relay, and its URL in the place of the server's. */
  async function relayTo(server: string): Promise<[relay: TcpProxy, url: string]> {
    const relay = await TcpProxy.before(server);
    onTestFinished(() => relay.close());
    return [relay, relay.leadingTo(server)];
  }

  const shows = ({ url }: { readonly url: string }, metric: RegExp) =>
    vi.waitFor(async () => expect(await (await fetch(`${url}/metrics`)).text()).toMatch(metric), {
      timeout: 15_000,
      interval: 50,
    });

  it('ends though a client of its metrics is silent', async () => {
    const worker = await alone();
    const { hostname, port } = new URL(worker.url);
    const client = connect({ host: hostname, port: Number(port) }).on('error', () => undefined);
    onTestFinished(() => void client.destroy());
    await fetch(`${worker.url}/health/live`);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(EXIT.ended);
  });

  it('hands back the orders of a stuck lock in time, and another worker settles them once it is free', async () => {
    // So long that nobody takes them over as stalled.
    const worker = await alone({ JOB_LOCK_MS: '60000' });
    const saleId = await shopper.openSale('redis-setnx', STUCK);
    await rival.holds('redis-setnx', saleId, async () => {
      const accepted = await shopper.stampede(saleId, STUCK);
      await shows(worker, /^skus_standing_still\{what="orders"\} 1$/m);
      worker.kill('SIGTERM');
      expect(await worker.ended).toBe(EXIT.ended);
      await shows(stack.apis[0]!, /^queue_jobs\{state="active"\} 0$/m);
      await alone();
      expect((await shopper.order(accepted[0]!.orderId)).status).toBe('queued');
    });
    expect(await shopper.drained(saleId, 30_000)).toMatchObject({
      held: STUCK,
      pending: 0,
      lostUpdates: 0,
      conserved: true,
    });
  }, 60_000);

  describe('under a sweep', () => {
    const HOUR = { reservationTtlSeconds: 3_600 };
    const overdue = (orderId: string) =>
      `UPDATE orders SET expires_at = clock_timestamp() - interval '5 s' WHERE id = '${orderId}'`;
    const statusOf = async (orderId: string) =>
      (await database.query<{ status: string }>('SELECT status FROM orders WHERE id = $1', [orderId]))
        .rows[0]!.status;

    /** Tells it to end while its sweep waits for this lock, and frees the lock when all of its parts know. */
    async function endsWhileItWaits(worker: Spawned, lock: Awaited<ReturnType<typeof holdLock>>) {
      await expect.poll(async () => (await lock.waiters()).length, patient).toBeGreaterThan(0);
      worker.kill('SIGTERM');
      await expect.poll(() => rival.redis.client('LIST'), patient).not.toContain('cmd=bzpopmin'); // it takes no jobs
      await lock.release();
      expect(await worker.ended).toBe(EXIT.ended);
    }

    it.each(['redis', 'row-lock'])(
      'begins no more, and the next one does (%s)',
      async (strategy) => {
        const worker = await alone({ SHUTDOWN_TIMEOUT_MS: '20000' });
        const saleId = await shopper.openSale(strategy, 1, 1, HOUR);
        const orderId = await shopper.reserve(saleId);
        const lock = await holdLock(database, `LOCK TABLE orders; ${overdue(orderId)}`);
        await endsWhileItWaits(worker, lock);
        expect(await statusOf(orderId)).toBe('reserved');
        expect(worker.output).not.toContain('will be swept again');
        await alone();
        await expect.poll(() => statusOf(orderId), patient).toBe('expired');
        expect(await shopper.drained(saleId)).toMatchObject({ held: 0, available: 1, conserved: true });
      },
      60_000,
    );

    it.each(['redis', 'row-lock'])(
      'finishes what it has begun (%s)',
      async (strategy) => {
        const worker = await alone({ SHUTDOWN_TIMEOUT_MS: '20000' });
        const saleId = await shopper.openSale(strategy, 1, 1, HOUR);
        const orderId = await shopper.reserve(saleId);
        const lock = await holdLock(database, 'SELECT FROM stock WHERE sale_id = $1 FOR UPDATE', saleId);
        await database.query(overdue(orderId));
        await endsWhileItWaits(worker, lock);
        expect(await statusOf(orderId)).toBe('expired');
        expect(await shopper.drained(saleId)).toMatchObject({ held: 0, available: 1, conserved: true });
      },
      60_000,
    );

    it('finishes an adjustment that it has begun', async () => {
      const worker = await alone({ SHUTDOWN_TIMEOUT_MS: '20000' });
      const saleId = await shopper.openSale('redis', 1, 1);
      const lock = await holdLock(database, 'SELECT FROM stock WHERE sale_id = $1 FOR UPDATE', saleId);
      await database.query(
        `INSERT INTO stock_adjustments (id, sale_id, sku, units, requested_at)
         SELECT gen_random_uuid(), sale_id, sku, 2, clock_timestamp() - interval '5 s' FROM stock WHERE sale_id = $1`,
        [saleId],
      );
      await endsWhileItWaits(worker, lock);
      expect(await shopper.drained(saleId)).toMatchObject({ available: 3, conserved: true });
    }, 60_000);
  });

  it('leaves though Redis is silent under a sweep, and says what it left', async () => {
    const [relay, REDIS_URL] = await relayTo(stack.redisUrl);
    const worker = await alone({ REDIS_URL });
    const saleId = await shopper.openSale('redis', 1, 1, { reservationTtlSeconds: 1 });
    await shopper.reserve(saleId);
    relay.blackhole(); // its reminder is lost, and the sweep finds it
    await shows(worker, /^reservations_overdue 1$/m);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(EXIT.leftBehind);
    expect(worker.output).toMatch(/ends without .*CheckoutConsumer.*did not end in time/);
    await alone();
    await vi.waitFor(
      async () => expect(await shopper.drained(saleId)).toMatchObject({ held: 0, available: 1 }),
      {
        timeout: 15_000,
      },
    );
  });

  it('leaves though Postgres is silent under an order, and loses none', async () => {
    const [relay, DATABASE_URL] = await relayTo(stack.databaseUrl);
    const worker = await alone({ DATABASE_URL });
    const saleId = await shopper.openSale('redis', 3);
    await shopper.reserve(saleId);
    relay.blackhole();
    await shopper.checkout(saleId, 'ann');
    await shows(stack.apis[0]!, /^queue_jobs\{state="active"\} 1$/m);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(EXIT.leftBehind);
    expect(worker.output).toMatch(/ends without .*CheckoutConsumer.*did not end in time/);
    await alone();
    expect(await shopper.drained(saleId)).toMatchObject({ held: 2, pending: 0 });
  });
});
