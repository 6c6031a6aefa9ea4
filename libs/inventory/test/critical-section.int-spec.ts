import { poolOf } from '@app/database';
import { LockLostError, type Lease } from '@app/lock';
import { orderOf, Shop } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CriticalSection } from '../src/section/critical-section.js';
import { FencedOffError, TokenWentBackError, UnknownSkuError } from '../src/section/errors.js';
import { PlainStore, type Sale, type StockStore } from '../src/index.js';
import { leaseWith } from './support/lease.js';
import { undoSale } from './support/undo-sale.js';

let shop: Shop;
beforeAll(async () => (shop = await Shop.open(inject('databaseUrl'))));
afterAll(() => shop.close());

const sectionOf = (sale: Sale, lease?: Lease, sku = 'hot') => {
  const target = {
    saleId: sale.id,
    sku,
    write: 'read-modify-write',
    perBuyerLimit: sale.perBuyerLimit,
  } as const;
  return new CriticalSection(poolOf(shop.dataSource), target, lease);
};

describe('settling', () => {
  it('writes stock, orders and one movement per batch', async () => {
    const sale = await shop.sale({ hot: 5 }, 'redis');
    const section = sectionOf(sale, leaseWith(1n));
    const first = await section.settle([
      orderOf(sale.id, { quantity: 2 }),
      orderOf(sale.id, { quantity: 2 }),
    ]);
    const second = await section.settle([orderOf(sale.id), orderOf(sale.id)]);
    expect([first.available, second.available]).toEqual([1, 0]);
    expect(second.outcomes).toEqual([{ status: 'reserved' }, { status: 'rejected', reason: 'SOLD_OUT' }]);
    expect(await shop.totalOf(sale)).toMatchObject({
      held: 5,
      available: 0,
      rejected: 1,
      undersold: 0,
      conserved: true,
    });
    const movements = await shop.dataSource.query(
      'SELECT units, before, after, token, holder FROM stock_movements WHERE sale_id = $1 ORDER BY version',
      [sale.id],
    );
    expect(movements).toEqual([
      { units: 4, before: 5, after: 1, token: '1', holder: 'holder-1' },
      { units: 1, before: 1, after: 0, token: '1', holder: 'holder-1' },
    ]);
  });

  it('is planned once per connection, not per batch', async () => {
    const sale = await shop.sale({ hot: 100 }, 'redis');
    const section = sectionOf(sale, leaseWith(1n));
    for (let batch = 0; batch < 10; batch++) await section.settle([orderOf(sale.id)]);
    const plans = await poolOf(shop.dataSource).query(
      `SELECT sum(custom_plans)::int AS "perBatch", sum(generic_plans)::int AS reused
       FROM pg_prepared_statements WHERE name = 'sell fenced'`,
    );
    expect(plans.rows[0].perBatch).toBe(0);
    expect(plans.rows[0].reused).toBeGreaterThanOrEqual(10);
  });

  const writes = [
    'read-modify-write',
    'row-lock',
    'version',
    'serializable',
    'conditional',
    'unchecked',
  ] as const;

  it.each([...writes, 'skip-locked'] as const)(
    'settles an order once however often it is delivered (%s)',
    async (write) => {
      const sale = await shop.sale({ hot: 5 }, write === 'skip-locked' ? write : 'none');
      const target = { saleId: sale.id, sku: 'hot', write, perBuyerLimit: null };
      const settle = (...orders: ReturnType<typeof orderOf>[]) =>
        new CriticalSection(poolOf(shop.dataSource), target).settle(orders);
      const [again, fresh] = [orderOf(sale.id), orderOf(sale.id)];
      await settle(again);
      const { outcomes } = await settle(again, fresh, again);
      const before = { status: 'reserved', before: true };
      expect(outcomes).toEqual([before, { status: 'reserved' }, before]);
      expect(await settle(again, fresh)).toEqual({ outcomes: [before, before] });
      expect(await shop.totalOf(sale)).toMatchObject({ held: 2, available: 3, conserved: true });
    },
  );

  it.each([...writes, 'fenced'] as const)(
    'takes the units of an order once that is in its batch twice (%s)',
    async (mode) => {
      const sale = await shop.sale({ hot: 1 }, 'none');
      const write = mode === 'fenced' ? 'read-modify-write' : mode;
      const target = { saleId: sale.id, sku: 'hot', write, perBuyerLimit: null };
      const lease = mode === 'fenced' ? leaseWith(1n) : undefined;
      const order = orderOf(sale.id);
      const settled = await new CriticalSection(poolOf(shop.dataSource), target, lease).settle([
        order,
        order,
      ]);
      const outcomes = [{ status: 'reserved' }, { status: 'reserved' }];
      expect(settled).toEqual({
        outcomes,
        available: 0,
        versions: write === 'conditional' || write === 'unchecked' ? undefined : ['1'],
      });
      expect(await shop.totalOf(sale)).toMatchObject({
        held: 1,
        available: 0,
        lostUpdates: 0,
        conserved: true,
      });
    },
  );

  describe('orders that another worker has, too', () => {
    const openSale = () => shop.sale({ hot: 10_000 }, 'conditional-update', null, 4);
    const sectionOn = (sale: Sale, stripe: number, store?: StockStore) => {
      const target = {
        saleId: sale.id,
        sku: 'hot',
        stripe,
        write: 'conditional',
        perBuyerLimit: null,
      } as const;
      return new CriticalSection(poolOf(shop.dataSource), target, undefined, store);
    };
    const ordersOf = (sale: Sale, count: number) => Array.from({ length: count }, () => orderOf(sale.id));

    it('are settled once, though it settles them one after the other meanwhile', async () => {
      const sale = await openSale();
      const orders = ordersOf(sale, 8);
      const taken = [...orders];
      const store = new PlainStore(poolOf(shop.dataSource), 'conditional');
      const overtaken: StockStore = {
        read: (key) => store.read(key),
        async write(change) {
          const next = taken.pop();
          if (next) await sectionOn(sale, 0).settle([next]);
          return store.write(change);
        },
        restock: (...work) => store.restock(...work),
      };
      const { outcomes } = await sectionOn(sale, 1, overtaken).settle(orders);
      expect(outcomes).toEqual(orders.map(() => ({ status: 'reserved', before: true })));
      expect(await shop.totalOf(sale)).toMatchObject({ held: 8, available: 9_992, conserved: true });
    });

    it('do not deadlock with it, whichever way round they came', async () => {
      const sale = await openSale();
      for (let round = 0; round < 10; round++) {
        const orders = ordersOf(sale, 512);
        const settling = [0, 1, 2, 3].map((stripe) =>
          sectionOn(sale, stripe).settle(stripe % 2 ? orders : orders.toReversed()),
        );
        await Promise.all(settling);
      }
      expect(await shop.totalOf(sale)).toMatchObject({ held: 5_120, available: 4_880, conserved: true });
    });
  });

  it('does not settle an order that contradicts one with its Idempotency-Key', async () => {
    const sale = await shop.sale({ hot: 5 }, 'none');
    const order = orderOf(sale.id);
    await sectionOf(sale).settle([order]);
    await expect(sectionOf(sale).settle([{ ...order, orderId: randomUUID() }])).rejects.toThrow(
      /duplicate key/,
    );
    expect(await shop.totalOf(sale)).toMatchObject({ held: 1, available: 4, conserved: true });
  });

  it('answers a redelivered rejection with the rejection it had', async () => {
    const sale = await shop.sale({ hot: 0 }, 'none');
    const order = orderOf(sale.id);
    await sectionOf(sale).settle([order]);
    const { outcomes } = await sectionOf(sale).settle([order]);
    expect(outcomes).toEqual([{ status: 'rejected', reason: 'SOLD_OUT', before: true }]);
  });

  it('names a SKU that the sale does not have', async () => {
    const sale = await shop.sale({ hot: 1 }, 'none');
    await expect(sectionOf(sale, leaseWith(1n), 'cold').settle([orderOf(sale.id)])).rejects.toThrow(
      UnknownSkuError,
    );
  });
});

describe('the fence', () => {
  it('refuses a stale holder at its write, and writes nothing of it', async () => {
    const sale = await shop.sale({ hot: 5 }, 'redis');
    const stale = sectionOf(sale, leaseWith(1n));
    await stale.settle([orderOf(sale.id)]);
    await sectionOf(sale, leaseWith(2n)).settle([orderOf(sale.id)]);
    await expect(stale.settle([orderOf(sale.id)])).rejects.toThrow(FencedOffError);
    expect(await shop.totalOf(sale)).toMatchObject({
      held: 2,
      available: 3,
      lostUpdates: 0,
      conserved: true,
    });
  });

  it('keeps a stale holder from committing between the read and the write of the new one', async () => {
    const sale = await shop.sale({ hot: 5 }, 'redis');
    const stale = sectionOf(sale, leaseWith(1n));
    await stale.settle([orderOf(sale.id)]);
    // The new holder is held up exactly between its two statements.
    const pool = poolOf(shop.dataSource);
    const interrupted = new Proxy(pool, {
      get: (target, property) =>
        property !== 'query'
          ? Reflect.get(target, property)
          : async (query: { name: string }) => {
              if (query.name === 'sell fenced') {
                await expect(stale.settle([orderOf(sale.id)])).rejects.toThrow(FencedOffError);
              }
              return target.query(query as never);
            },
    });
    const target = { saleId: sale.id, sku: 'hot', write: 'read-modify-write', perBuyerLimit: null } as const;
    await new CriticalSection(interrupted, target, leaseWith(2n)).settle([orderOf(sale.id)]);
    expect(await shop.totalOf(sale)).toMatchObject({
      held: 2,
      available: 3,
      lostUpdates: 0,
      conserved: true,
    });
  });

  it('refuses a holder whose last sale a failover of Postgres has undone, though not his fence', async () => {
    const sale = await shop.sale({ hot: 5 }, 'redis');
    const holder = sectionOf(sale, leaseWith(1n));
    await holder.settle([orderOf(sale.id)]);
    await undoSale(shop, sale.id);
    await expect(holder.settle([orderOf(sale.id)])).rejects.toThrow(FencedOffError);
    expect(await shop.totalOf(sale)).toMatchObject({
      available: 5,
      held: 0,
      lostUpdates: 0,
      conserved: true,
    });
  });

  it('refuses a second holder of the same token: a failover can grant one twice', async () => {
    const sale = await shop.sale({ hot: 5 }, 'redis');
    await sectionOf(sale, leaseWith(7n, 'first')).settle([orderOf(sale.id)]);
    const twin = sectionOf(sale, leaseWith(7n, 'second'));
    await expect(twin.settle([orderOf(sale.id)])).rejects.toThrow(TokenWentBackError);
  });

  it('tells a lease that was overtaken before its first read that it is lost, not that the store went back', async () => {
    const sale = await shop.sale({ hot: 5 }, 'redis');
    await sectionOf(sale, leaseWith(2n)).settle([orderOf(sale.id)]);
    const throwIfLost = () => {
      throw new LockLostError('hot', 'its time ran out');
    };
    const stalled = sectionOf(sale, { ...leaseWith(1n), throwIfLost });
    await expect(stalled.settle([orderOf(sale.id)])).rejects.toThrow(LockLostError);
    await expect(stalled.restock([])).rejects.toThrow(LockLostError);
  });

  it('tells when the store hands out tokens below the fence', async () => {
    const sale = await shop.sale({ hot: 5 }, 'redis');
    await sectionOf(sale, leaseWith(900n)).settle([orderOf(sale.id)]);
    const error = await sectionOf(sale, leaseWith(3n))
      .settle([orderOf(sale.id)])
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TokenWentBackError);
    expect(error).toMatchObject({ fence: 900n });
  });
});

it('waits for the disk at its commit although the raise of the fence in the same transaction need not', async () => {
  const sale = await shop.sale({ hot: 5 }, 'redis', 3);
  await shop.dataSource.query(`
    CREATE FUNCTION must_wait() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN ASSERT current_setting('synchronous_commit') <> 'off'; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER must_wait AFTER INSERT ON orders
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION must_wait();`);
  try {
    const { outcomes } = await sectionOf(sale, leaseWith(1n)).settle([orderOf(sale.id)]);
    expect(outcomes).toEqual([{ status: 'reserved' }]);
  } finally {
    await shop.dataSource.query('DROP TRIGGER must_wait ON orders; DROP FUNCTION must_wait');
  }
});

it('keeps the limit of a buyer who shops in two SKUs at once', async () => {
  const sale = await shop.sale({ a: 50, b: 50 }, 'row-lock', 3);
  const pool = poolOf(shop.dataSource);
  const buy = (sku: string, idempotencyKey: string) => {
    const target = { saleId: sale.id, sku, write: 'row-lock', perBuyerLimit: sale.perBuyerLimit } as const;
    return new CriticalSection(pool, target).settle([
      orderOf(sale.id, { sku, buyerId: 'ann', idempotencyKey }),
    ]);
  };
  await Promise.all(Array.from({ length: 16 }, (_, i) => buy(i % 2 ? 'a' : 'b', `key-${i}`)));
  expect(await shop.totalOf(sale)).toMatchObject({ held: 3, rejected: 13, conserved: true });
});
