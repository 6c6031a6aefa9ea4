import { migrate } from '@app/database';
import { TcpProxy } from '@app/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPrivatePostgres, startStandby } from '../../../local/services/postgres.js';
import type { Service } from '../../../local/services/service.js';
import { RecentReads } from '../src/core/recent-reads.js';
import type { SaleView } from '../src/sales/sale.schema.js';
import { ADMIN_KEY, Api } from './support/api.js';

const MAX_LAG_MS = 5_000;
const patient = { timeout: 30_000, interval: 100 };

let primary: Service;
let standby: Service;
let relay: TcpProxy;
let api: Api;
let replica: pg.Pool;
beforeAll(async () => {
  primary = await startPrivatePostgres();
  standby = await startStandby(primary);
  await migrate(primary.url);
  relay = await TcpProxy.before(standby.url);
  replica = new pg.Pool({ connectionString: standby.url }).on('error', () => undefined);
  api = await Api.start({
    DATABASE_URL: primary.url,
    DATABASE_REPLICA_URL: relay.leadingTo(standby.url),
    DATABASE_REPLICA_MAX_LAG_MS: MAX_LAG_MS,
  });
}, 120_000);
afterAll(async () => {
  await api.stop();
  await replica.end();
  await relay.close();
  await standby.stop();
  await primary.stop();
});

/** Who answers what may be old. */
const answersRecent = async () => {
  const { rows } = await api.app
    .get(RecentReads)
    .query<{ port: number }>('SELECT inet_server_port() AS port');
  return rows[0]!.port === Number(new URL(standby.url).port) ? 'replica' : 'primary';
};
const list = async (path: string) => {
  const { body } = await api.http.get(path).set('authorization', `Bearer ${ADMIN_KEY}`).expect(200);
  return body as unknown[];
};
const availableOf = async (saleId: string) => {
  const { body } = await api.audit(saleId).expect(200);
  return (body as { total: { available: number } }).total.available;
};
const untilReplicated = (saleId: string) =>
  vi.waitFor(async () => {
    const { rowCount } = await replica.query('SELECT FROM sales WHERE id = $1', [saleId]);
    expect(rowCount).toBe(1);
  }, patient);
const untilReplicaAnswers = () =>
  vi.waitFor(async () => expect(await answersRecent()).toBe('replica'), patient);

describe('a replica that follows', () => {
  it('answers what may be old', untilReplicaAnswers);

  it('goes on to answer while nobody writes', async () => {
    const until = performance.now() + MAX_LAG_MS + 1_000;
    await expect.poll(() => performance.now() > until, patient).toBe(true);
    expect(await answersRecent()).toBe('replica');
  }, 20_000);
});

describe('a replica that stands still', () => {
  let sale: SaleView;
  const buyerId = `buyer-${randomUUID()}`;
  beforeAll(async () => {
    sale = await api.sale();
    await untilReplicated(sale.id);
    await untilReplicaAnswers();
    await replica.query('SELECT pg_wal_replay_pause()');
    await api.database.query('UPDATE stock SET available = available - 2 WHERE sale_id = $1', [sale.id]);
    await api.database.query(
      `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at)
      VALUES (gen_random_uuid(), $1, 'hot', $2, 2, 'reserved', 'key', clock_timestamp())`,
      [sale.id, buyerId],
    );
  }, 60_000);

  it('answers as it knows the sale, for as long as it may be old; a buyer sees its own orders as they are', async () => {
    const [available, ofSale, own] = await Promise.all([
      availableOf(sale.id),
      list(`/sales/${sale.id}/orders`),
      list(`/orders?buyerId=${buyerId}`),
    ]);
    expect({ available, ofSale: ofSale.length, own: own.length }).toEqual({
      available: 5,
      ofSale: 0,
      own: 1,
    });
  });

  it('does not hide a sale that was opened since', async () => {
    const { id } = await api.sale();
    await api.http.get(`/sales/${id}`).expect(200);
  });

  it('is not asked any more once it is older than that, until it has caught up', async () => {
    await expect.poll(() => availableOf(sale.id), patient).toBe(3);
    expect(await answersRecent()).toBe('primary');
    expect(await list(`/sales/${sale.id}/orders`)).toHaveLength(1);
    await replica.query('SELECT pg_wal_replay_resume()');
    await untilReplicaAnswers();
    expect(await availableOf(sale.id)).toBe(3);
  }, 60_000);
});

it('a replica that falls silent keeps nobody waiting for long, also those whom it was to answer', async () => {
  const { id } = await api.sale();
  await untilReplicated(id);
  await untilReplicaAnswers();
  relay.blackhole();
  const began = performance.now();
  await availableOf(id);
  expect(performance.now() - began).toBeLessThan(8_000); // a silent connection is left after 9 s
  expect(await answersRecent()).toBe('primary');
  relay.heal();
  await untilReplicaAnswers();
}, 60_000);

it('a replica that is gone is not missed', async () => {
  const { id } = await api.sale();
  await standby.kill();
  expect(await availableOf(id)).toBe(5);
  await api.http.get('/sales').expect(200);
  await standby.start();
  await untilReplicaAnswers();
}, 60_000);

it('a replica that was promoted is a replica no more', async () => {
  await replica.query('SELECT pg_promote()');
  await replica.query('UPDATE sales SET name = $1', ['of another world']);
  await expect.poll(answersRecent, patient).toBe('primary');
  const { id } = await api.sale();
  expect(((await api.http.get(`/sales/${id}`).expect(200)).body as SaleView).name).toBe('test');
}, 60_000);
