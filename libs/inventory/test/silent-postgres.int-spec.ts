import type { OrderRequest } from '@app/orders';
import { verdictOf } from '@app/servers';
import { orderOf, Shop, TcpProxy } from '@app/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Reservations, Sale } from '../src/index.js';
import { SOUND, TestServers } from './support/workers.js';

/** Milliseconds a statement may take, for workers that are to lose patience soon. */
const PATIENCE = 1_000;

let shop: Shop;
let relay: TcpProxy;
let pool: pg.Pool;
const servers = new TestServers();
const { worker, safe } = servers;
beforeAll(async () => (shop = await servers.openShop()));
afterAll(() => servers.close());

/** What one connection, which leads through the relay, was asked. */
let asked: string[];
beforeEach(async () => {
  relay = await TcpProxy.before(inject('databaseUrl'));
  pool = new pg.Pool({
    connectionString: relay.leadingTo(inject('databaseUrl')),
    max: 1,
    query_timeout: PATIENCE,
    idle_in_transaction_session_timeout: 2 * PATIENCE,
  });
  asked = [];
  pool
    .on('error', () => undefined)
    .on('connect', (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      Object.assign(client, {
        query: (...args: unknown[]) => {
          const [statement] = args as [string | { text: string }];
          asked.push(typeof statement === 'string' ? statement : statement.text);
          return query(...args);
        },
      });
    });
});
afterEach(async () => {
  await pool.end();
  await relay.close();
});

/** How it ended: with an outcome, or with a verdict on its error. */
const ending = (reserving: Promise<unknown>) => reserving.then(() => 'settled', verdictOf);
/** As the queue does it: again and again. */
const persist = (reservations: Reservations<OrderRequest>, order: OrderRequest, sale: Sale) =>
  expect.poll(() => ending(reservations.reserve(order, sale)), { timeout: 15_000 }).toBe('settled');

describe.each(safe.flatMap((name) => [null, 5].map((limit) => ({ name, limit }))))(
  '$name, limit: $limit',
  ({ name, limit }) => {
    it('leaves a connection that has fallen silent; others sell meanwhile, and itself on a new one', async () => {
      const sale = await shop.sale({ hot: 10 }, name, limit);
      const [silent, other] = [worker(shop, 8, { pool }), worker(shop, 8)];
      await silent.reserve(orderOf(sale.id), sale);
      asked.length = 0;
      const left = relay.forget();
      const order = orderOf(sale.id);
      const losing = ending(silent.reserve(order, sale));
      expect(await other.reserve(orderOf(sale.id), sale)).toEqual({ status: 'reserved' });
      expect(await losing).toBe('leave');
      await left;
      expect(asked).toHaveLength(1); // no ROLLBACK, for whose answer it would wait as long
      expect(await silent.reserve(order, sale)).toEqual({ status: 'reserved' });
      expect(await shop.totalOf(sale)).toMatchObject({ held: 3, available: 7, ...SOUND });
    });

    it('finds what was committed when the answer is lost with the connection', async () => {
      const sale = await shop.sale({ hot: 10 }, name, limit);
      const [silent, other] = [worker(shop, 8, { pool }), worker(shop, 8)];
      const order = orderOf(sale.id);
      const gate = await blockInsertOf(order);
      const losing = ending(silent.reserve(order, sale));
      await gate.isReached();
      const left = relay.forget();
      await gate.open(); // the statement goes on, and its answer reaches nobody
      expect(await losing).toBe('leave');
      await left;
      await Promise.all([persist(silent, order, sale), persist(other, orderOf(sale.id), sale)]);
      expect(await shop.totalOf(sale)).toMatchObject({ held: 2, available: 8, ...SOUND });
    });
  },
);

/** Has whoever inserts this order wait. */
async function blockInsertOf({ orderId, saleId, buyerId }: OrderRequest) {
  const client = new pg.Client(inject('databaseUrl'));
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO orders (id, sale_id, sku, buyer_id, quantity, status, idempotency_key, accepted_at)
     VALUES ($1, $2, 'hot', $3, 1, 'reserved', 'other key', now())`,
    [orderId, saleId, buyerId],
  );
  const [{ pid }] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows as [
    { pid: number },
  ];
  const waiters = async () => {
    const blocked = 'SELECT pid FROM pg_stat_activity WHERE $1::int = ANY (pg_blocking_pids(pid))';
    return (await shop.dataSource.query<unknown[]>(blocked, [pid])).length;
  };
  return {
    isReached: () => expect.poll(waiters, { timeout: 5_000 }).toBeGreaterThan(0),
    open: () => client.end(),
  };
}
