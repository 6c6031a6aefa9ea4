import { WebhookReceiver } from '@app/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { providePrometheus } from '../../../local/setup/prometheus.js';
import { holdLock } from './support/held-lock.js';
import { alerts, queries } from './support/monitoring.js';
import { WatchedStack } from './support/watched-stack.js';

const missing = await providePrometheus().then(
  () => '',
  ({ message }: Error) => message,
);
if (missing) process.emitWarning(`The alerts are not made to fire.\n${missing}`);

/** Durations in the rules are so many times shorter here: five minutes are 30 s. */
const TIMES_SHORTER = 10;
/** In milliseconds: more than any alert takes to fire, or to end. */
const PATIENCE = 90_000;
const SOON = { timeout: 20_000 };
const BACKLOG = 20;
const TTL_MS = 1_000;

const ENV = {
  QUEUE_MAX_BACKLOG: String(BACKLOG),
  LOCK_TTL_MS: String(TTL_MS),
  JOB_LOCK_MS: '2000',
  SWEEP_INTERVAL_MS: '300',
  WEBHOOK_MAX_ATTEMPTS: '2',
  WEBHOOK_TIMEOUT_MS: '20000',
};

let shop: WatchedStack;
beforeAll(async () => {
  if (missing) return;
  shop = await WatchedStack.start(ENV, TIMES_SHORTER);
}, PATIENCE);
afterEach(() => shop?.postgres.heal());
afterAll(() => shop?.stop());

/** Does something again and again, whatever comes of it, while something else goes on. */
async function during(fault: Promise<unknown>, act: () => Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const end = fault.finally(() => over.abort());
  while (!over.signal.aborted) await Promise.all([act().catch(() => undefined), sleep(200)]);
  await end;
}

describe.skipIf(missing)(
  'each alert fires for its fault, and is gone after its repair:',
  () => {
    it('none while all is well', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000, 1, {
        waitingRoom: { places: 50, placeTtlSeconds: 300 },
      });
      await during(sleep(5_000), () => Promise.all([shop.read(), shop.buy(saleId)]));
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('ApiDown, of a replica that was killed', async () => {
      const [replica] = shop.stack.apis;
      await replica!.kill('SIGKILL');
      await shop.monitor.fires(PATIENCE, 'ApiDown');
      await replica!.start();
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('those of workers that were killed while somebody pays and others buy', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000);
      const paid = await shop.shopper.reserve(saleId);
      for (const worker of shop.stack.workers) await worker.kill('SIGKILL');
      expect(await shop.shopper.pay(paid, 'tok_visa')).toBe(200);
      const fired = shop.monitor.fires(
        PATIENCE,
        'WorkerDown',
        'QueueStuck',
        'QueueFull',
        'ServerErrors',
        'EventsUnpublished',
      );
      await during(fired, () => shop.buy(saleId));
      for (const worker of shop.stack.workers) await worker.start();
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('those of a lock that is not given back', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000, 1, { reservationTtlSeconds: 2 });
      await shop.shopper.reserve(saleId);
      await shop.rival.holds('redis', saleId, async () => {
        await shop.shopper.stampede(saleId, BACKLOG / 2);
        await shop.monitor.fires(
          PATIENCE,
          'LockStuck',
          'SkuStandsStill',
          'ReservationsOverdue',
          'QueueStuck',
        );
      });
      await shop.monitor.fires(PATIENCE, 'SlowSettlement');
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('LockContended, of one that somebody else has most of the time', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000);
      const contending = shop.monitor.fires(PATIENCE, 'LockContended');
      await during(contending, async () => {
        await shop.rival.holds('redis', saleId, async () => {
          await shop.buy(saleId);
          await sleep(3_000);
        });
        await shop.shopper.drained(saleId);
      });
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('those of leases: lost while workers were stopped, overtaken while their read was on its way', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000);
      await shop.shopper.reserve(saleId);
      const row = await holdLock(shop.pool, 'SELECT FROM stock WHERE sale_id = $1 FOR UPDATE', saleId);
      await shop.buy(saleId);
      await expect.poll(() => row.waiters(), SOON).not.toHaveLength(0);
      for (const worker of shop.stack.workers) worker.freeze();
      await sleep(2 * TTL_MS);
      for (const worker of shop.stack.workers) worker.thaw();
      await row.release();
      await shop.monitor.fires(PATIENCE, 'LeasesLost');
      await shop.shopper.drained(saleId);

      const fence = async () =>
        (
          await shop.pool.query<{ fence: string }>(
            'SELECT fence_token AS fence FROM stock WHERE sale_id = $1',
            [saleId],
          )
        ).rows[0]!.fence;
      shop.postgres.delay(300);
      await during(shop.monitor.fires(PATIENCE, 'FencedWritesRefused'), async () => {
        const before = await fence();
        await shop.buy(saleId);
        await expect.poll(fence, SOON).not.toBe(before); // a worker has read, and has no answer yet
        await shop.pool.query(
          `UPDATE stock SET fence_token = fence_token + 1, fence_holder = 'rival' WHERE sale_id = $1`,
          [saleId],
        );
        await shop.shopper.drained(saleId);
      });
      shop.postgres.heal();
      expect(await shop.shopper.drained(saleId)).toMatchObject({ conserved: true, lostUpdates: 0 });
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('EventLoopLag, of workers that are given no processor for 400 ms at a time', async () => {
      await during(shop.monitor.fires(PATIENCE, 'EventLoopLag'), async () => {
        for (const worker of shop.stack.workers) worker.freeze();
        await sleep(400);
        for (const worker of shop.stack.workers) worker.thaw();
        await sleep(400);
      });
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('SlowAnswers, of a table that somebody else has locked', async () => {
      const table = await holdLock(shop.pool, 'LOCK TABLE sales IN ACCESS EXCLUSIVE MODE');
      await during(shop.monitor.fires(PATIENCE, 'SlowAnswers'), shop.read);
      await table.release();
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('DependencyDown, of a Postgres that is gone', async () => {
      shop.postgres.cut();
      await shop.monitor.fires(PATIENCE, 'DependencyDown');
      shop.postgres.heal();
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('OrdersRetried, of a schema that is not what workers write', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000);
      await shop.pool.query('ALTER TABLE stock_movements RENAME TO movements');
      await shop.buy(saleId);
      await shop.monitor.fires(PATIENCE, 'OrdersRetried');
      await shop.pool.query('ALTER TABLE movements RENAME TO stock_movements');
      expect(await shop.shopper.drained(saleId)).toMatchObject({ held: 1 });
      await shop.monitor.isQuiet(PATIENCE);
    });

    it('DeadLetters, of a reservation whose units are more than a row can hold', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000, 1, { reservationTtlSeconds: 2 });
      const orderId = await shop.shopper.reserve(saleId);
      const holds = (units: number) =>
        shop.pool.query('UPDATE orders SET quantity = $2 WHERE id = $1', [orderId, units]);
      await holds(2_147_483_647);
      await shop.monitor.fires(PATIENCE, 'DeadLetters');
      await holds(1);
      await shop.monitor.isQuiet(PATIENCE);
      expect(await shop.shopper.order(orderId)).toMatchObject({ status: 'expired' });
    });

    it('those of webhooks: one that refuses, and one that does not answer', async () => {
      const saleId = await shop.shopper.openSale('redis', 1_000);
      const [refusing, silent] = [
        await WebhookReceiver.listening(() => 500),
        await WebhookReceiver.listening(() => 'silent'),
      ];
      const webhooks = [await shop.shopper.webhook(refusing.url), await shop.shopper.webhook(silent.url)];
      [refusing.secret, silent.secret] = webhooks.map(({ secret }) => secret) as [string, string];
      await shop.shopper.reserve(saleId);
      await expect.poll(() => silent.arrivals.length, SOON).toBeGreaterThan(0);
      await shop.pool.query(`UPDATE outbox SET at = at - interval '5 minutes'`); // as if it had been silent for so long
      await shop.monitor.fires(PATIENCE, 'WebhookDeadLetters', 'WebhookBehind');
      refusing.behaviour = silent.behaviour = () => 204;
      const headers = { authorization: `Bearer ${shop.stack.adminKey}` };
      const retry = ({ id }: { id: string }) =>
        fetch(`${shop.stack.apiUrls[0]!}/webhooks/${id}/retry`, { method: 'POST', headers });
      await Promise.all(webhooks.map(retry));
      await shop.monitor.isQuiet(PATIENCE);
      await Promise.all([...webhooks.map((webhook) => webhook.remove()), refusing.close(), silent.close()]);
    });

    it('all of them', () => {
      expect([...shop.monitor.fired].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
    });
  },
  2 * PATIENCE + 60_000,
);

describe.skipIf(missing)('the dashboard has shown something in', () => {
  it.each(queries)('$title: $expr', async ({ expr }) => {
    expect(await shop.monitor.samplesOf(expr)).toBeGreaterThan(0);
  });
});
