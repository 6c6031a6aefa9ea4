import type { OrderRequest, Outcome } from '@app/orders';
import { orderOf, Shop } from '@app/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sale } from '../src/index.js';
import { SOUND, TestServers } from './support/workers.js';

let shop: Shop;
const servers = new TestServers();
const { worker, safe, safeWith } = servers;
beforeAll(async () => (shop = await servers.openShop()));
afterAll(() => servers.close());

const NUL = 'a\0b';
/** Too much for a row of an index, also compressed. */
const OVERSIZED = randomBytes(8_000).toString('base64');

/** What Postgres will never accept, and how it says so. */
const POISONS: Record<string, [(saleId: string) => OrderRequest, code: string]> = {
  'a NUL in the buyer': [(id) => orderOf(id, { buyerId: NUL + randomUUID() }), '22021'],
  'a NUL in the key': [(id) => orderOf(id, { idempotencyKey: NUL }), '22021'],
  'an oversized key': [(id) => orderOf(id, { idempotencyKey: OVERSIZED }), '54000'],
  'an oversized buyer': [(id) => orderOf(id, { buyerId: OVERSIZED }), '54000'],
  'a quantity that is no integer': [(id) => orderOf(id, { quantity: 1.5 }), '22P02'],
  'an id that is none': [(id) => ({ ...orderOf(id), orderId: 'none' }), '22P02'],
  'no time': [(id) => ({ ...orderOf(id), acceptedAt: null as unknown as number }), '23502'],
};

/** Has them all reserved at once, the poison between the others. */
async function settle(sale: Sale, innocents: readonly OrderRequest[], poison: readonly OrderRequest[]) {
  const reservations = worker(shop, 64);
  const begun = performance.now();
  const reserve = (order: OrderRequest) => reservations.reserve(order, sale);
  const middle = innocents.length / 2;
  const [before, refused, after] = [innocents.slice(0, middle), poison, innocents.slice(middle)].map(
    (orders) => orders.map(reserve),
  );
  const refusals = Promise.allSettled(refused!);
  const outcomes = await Promise.all([...before!, ...after!]);
  const ms = performance.now() - begun;
  return { outcomes, ms, refusals: await refusals };
}
const refusedWith = (code: string) => ({
  status: 'rejected',
  reason: { name: 'RefusedError', cause: { code } },
});
const reserved = (outcomes: readonly Outcome[]) =>
  outcomes.filter(({ status }) => status === 'reserved').length;

describe.each(safeWith(1, 4))('$name, stripes: $stripes', ({ name, stripes }) => {
  it.each([null, 2])(
    'settles the innocent of a poisoned batch at once, with a limit of %s',
    async (limit) => {
      const sale = await shop.sale({ hot: 20 }, name, limit, stripes);
      const innocents = Array.from({ length: 30 }, () => orderOf(sale.id));
      const [make, code] = POISONS['a NUL in the buyer']!;
      const { outcomes, ms, refusals } = await settle(sale, innocents, [make(sale.id)]);
      expect(reserved(outcomes)).toBe(20);
      expect(refusals).toMatchObject([refusedWith(code)]);
      expect(ms).toBeLessThan(1_000);
      expect(await shop.totalOf(sale)).toMatchObject({ held: 20, rejected: 10, ...SOUND });
    },
  );
});

describe.each(['redis', 'row-lock', 'serializable', 'conditional-update'] as const)('%s', (name) => {
  it.each(Object.entries(POISONS))('finds %s', async (_, [make, code]) => {
    const sale = await shop.sale({ hot: 100 }, name);
    const innocents = Array.from({ length: 20 }, () => orderOf(sale.id));
    const { outcomes, refusals } = await settle(sale, innocents, [make(sale.id)]);
    expect(reserved(outcomes)).toBe(20);
    expect(refusals).toMatchObject([refusedWith(code)]);
    expect(await shop.totalOf(sale)).toMatchObject({ held: 20, available: 80, ...SOUND });
  });

  it('finds every one of several, whatever they are', async () => {
    const sale = await shop.sale({ hot: 100 }, name);
    const innocents = Array.from({ length: 20 }, () => orderOf(sale.id));
    const poisons = Object.values(POISONS);
    const { outcomes, refusals } = await settle(
      sale,
      innocents,
      poisons.map(([make]) => make(sale.id)),
    );
    expect(reserved(outcomes)).toBe(20);
    expect(refusals).toMatchObject(poisons.map(([, code]) => refusedWith(code)));
    expect(await shop.totalOf(sale)).toMatchObject({ held: 20, available: 80, ...SOUND });
  });

  it('refuses one of two orders that have one key and different ids', async () => {
    const sale = await shop.sale({ hot: 100 }, name);
    const innocents = Array.from({ length: 20 }, () => orderOf(sale.id));
    const twin = { ...innocents[3]!, orderId: randomUUID() };
    const { outcomes, refusals } = await settle(sale, innocents, [twin]);
    expect(reserved(outcomes)).toBe(20);
    expect(refusals).toMatchObject([refusedWith('23505')]);
    expect(await shop.totalOf(sale)).toMatchObject({ held: 20, ...SOUND });
  });

  it('restocks what comes with a return that is refused', async () => {
    const sale = await shop.sale({ hot: 100 }, name, null, 1, 3_600);
    const orders = Array.from({ length: 20 }, () => orderOf(sale.id));
    const reservations = worker(shop, 64);
    await Promise.all(orders.map((order) => reservations.reserve(order, sale)));
    await shop.makeDue(orders);
    const refused = orders[7]!;
    // As if its row had been spoilt: so many units are not to be counted.
    await shop.dataSource.query('UPDATE orders SET quantity = 2147483647 WHERE id = $1', [refused.orderId]);
    const restocking = orders.map((order) => reservations.restock(order, sale));
    const results = await Promise.allSettled(restocking);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(19);
    expect(results[7]).toMatchObject(refusedWith('22003'));
    await shop.dataSource.query('UPDATE orders SET quantity = 1 WHERE id = $1', [refused.orderId]);
    expect(await shop.totalOf(sale)).toMatchObject({ held: 1, available: 99, ...SOUND });
  });

  it('refuses each order for a SKU that the sale does not have', async () => {
    const sale = await shop.sale({ hot: 5 }, name);
    const orders = Array.from({ length: 3 }, () => orderOf(sale.id, { sku: 'cold' }));
    const { refusals } = await settle(sale, [], orders);
    const unknown = { name: 'RefusedError', cause: { name: 'UnknownSkuError' } };
    expect(refusals).toMatchObject(orders.map(() => ({ status: 'rejected', reason: unknown })));
  });
});

/** Has Postgres answer with this code when it is to store an order of this buyer, as often as said. */
async function failFor(buyerId: string, code: string, times: number) {
  const name = `fail_${randomUUID().replaceAll('-', '')}`;
  await shop.dataSource.query(`
    CREATE SEQUENCE ${name};
    CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('${name}') <= ${times} THEN RAISE SQLSTATE '${code}'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER ${name} BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.buyer_id = '${buyerId}')
      EXECUTE FUNCTION ${name}()`);
  return async () => {
    await shop.dataSource.query(`
      DROP TRIGGER ${name} ON orders;
      DROP FUNCTION ${name};
      DROP SEQUENCE ${name}`);
  };
}

describe.each(safe)('%s', (name) => {
  it.each([
    ['a serialization failure', '40001'],
    ['a deadlock', '40P01'],
  ])('tries again at once after %s', async (_, code) => {
    const sale = await shop.sale({ hot: 100 }, name);
    const orders = Array.from({ length: 20 }, () => orderOf(sale.id));
    const end = await failFor(orders[3]!.buyerId, code, 3);
    const { outcomes } = await settle(sale, orders, []);
    await end();
    expect(reserved(outcomes)).toBe(20);
    expect(await shop.totalOf(sale)).toMatchObject({ held: 20, ...SOUND });
  });

  it('leaves one that meets a defect to the queue, and settles the others', async () => {
    const sale = await shop.sale({ hot: 100 }, name);
    const innocents = Array.from({ length: 20 }, () => orderOf(sale.id));
    const order = orderOf(sale.id);
    const end = await failFor(order.buyerId, 'XX000', 100);
    const { outcomes, refusals } = await settle(sale, innocents, [order]);
    await end();
    expect(reserved(outcomes)).toBe(20);
    expect(refusals).toMatchObject([{ status: 'rejected', reason: { name: 'error', code: 'XX000' } }]);
    expect(await worker(shop, 8).reserve(order, sale)).toEqual({ status: 'reserved' });
    expect(await shop.totalOf(sale)).toMatchObject({ held: 21, ...SOUND });
  });
});
