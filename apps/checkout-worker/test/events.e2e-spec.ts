import { typesUntil, WebhookReceiver, type Behaviour } from '@app/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivatePostgres } from '../../../local/services/postgres.js';
import { startPrivateRedis } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';

const STOCK = 300;
const CHECKOUTS = 500;
const patient = { timeout: 90_000, interval: 200 };

let redis: Service;
let postgres: Service;
let stack: Stack;
let shopper: Shopper;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startPrivateRedis('always'), startPrivatePostgres()]);
  const stop = async () => void (await Promise.all([redis.stop(), postgres.stop()]));
  stack = new Stack(
    { redisUrl: redis.url, databaseUrl: postgres.url, stop },
    { LOCK_TTL_MS: '2000', JOB_LOCK_MS: '2000', SWEEP_INTERVAL_MS: '300', WEBHOOK_TIMEOUT_MS: '1000' },
  );
  await stack.migrate();
  await stack.startApis(2);
  await stack.startWorkers(2);
  shopper = new Shopper(stack);
}, 120_000);
afterAll(() => stack.stop());

/** Some of the first tries of each kind go wrong; each event is accepted in the end. */
function faulty(): () => Behaviour {
  let n = 0;
  const faults: Behaviour[] = [
    500,
    'reset',
    'silent',
    { status: 200, afterMs: 1_500 },
    { status: 503, afterMs: 300 },
  ];
  return () => (++n % 9 === 0 ? faults[(n / 9) % faults.length]! : 200);
}

const started = async ({ start }: { start: () => Promise<unknown> }) => void (await start());

it('kills of workers, API, Redis and Postgres lose no event, whatever the endpoints do', async () => {
  const [sound, broken] = await Promise.all([
    WebhookReceiver.listening(),
    WebhookReceiver.listening(faulty()),
  ]);
  for (const endpoint of [sound, broken]) endpoint.secret = (await shopper.webhook(endpoint.url)).secret;
  const saleId = await shopper.openSale('redis', STOCK, 1, { reservationTtlSeconds: 10 });
  const buying = shopper.stampede(saleId, CHECKOUTS, 32);
  const faults = [
    ...stack.workers.map((worker) => ({ kill: () => worker.kill('SIGKILL'), start: () => worker.start() })),
    { kill: () => redis.kill(), start: () => redis.start() },
    { kill: () => stack.apis[0]!.kill('SIGKILL'), start: () => stack.apis[0]!.start() },
    { kill: () => postgres.kill(), start: () => postgres.start() },
  ];
  for (const { kill, start } of faults) {
    await sleep(700); // something is under way
    await kill();
    await started({ start });
  }
  const accepted = await buying;
  await shopper.drained(saleId);
  // Some are paid, some cancelled, the others expire; meanwhile who delivers dies again.
  const [paying, leaving] = [accepted.slice(0, 60), accepted.slice(60, 90)];
  const ending = [
    ...paying.map(({ orderId }) => shopper.pay(orderId, 'tok_visa')),
    ...leaving.map(({ orderId }) => shopper.cancel(orderId)),
  ];
  await stack.workers[0]!.kill('SIGKILL');
  await postgres.kill();
  await postgres.start();
  await stack.workers[0]!.start();
  await Promise.allSettled(ending);
  await expect.poll(async () => (await shopper.total(saleId)).held, patient).toBe(0);

  const database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  const { rows } = await database.query<{ id: string; status: string }>('SELECT id, status FROM orders');
  await database.end();
  const expected = new Map(rows.map(({ id, status }) => [id, typesUntil(status)]));
  expect(expected.size).toBeGreaterThanOrEqual(accepted.length);
  expect(new Set(rows.map(({ status }) => status))).toContain('expired');

  const events = await expect
    .poll(() => shopper.eventsAfter(0), patient)
    .toHaveLength([...expected.values()].flat().length)
    .then(() => shopper.eventsAfter(0));
  expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1));
  const told = new Map<string, string[]>();
  for (const { type, data } of events) told.set(data.orderId, [...(told.get(data.orderId) ?? []), type]);
  expect(told).toEqual(expected);
  for (const endpoint of [sound, broken]) {
    await expect.poll(() => endpoint.distinct.length, patient).toBe(events.length);
    expect(endpoint.byOrder).toEqual(expected);
    expect(endpoint.forged).toEqual([]);
    await endpoint.close();
  }
}, 300_000);
