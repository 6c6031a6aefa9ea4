import { poolOf } from '@app/database';
import { orderOf, type Shop } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { controlSale, Sale, SaleCatalog, type SaleAction, type SaleChange } from '../src/index.js';
import { TestServers } from './support/workers.js';

let shop: Shop;
const servers = new TestServers();
beforeAll(async () => void (shop = await servers.openShop()));
afterAll(() => servers.close());

const act = (saleId: string, action: SaleAction, change?: SaleChange) =>
  controlSale(poolOf(shop.dataSource), { saleId, admin: 'ann', action, change });
const actionsOn = async (saleId: string) => {
  const rows = await shop.dataSource.query<{ action: string }[]>(
    'SELECT action FROM admin_actions WHERE sale_id = $1 ORDER BY id',
    [saleId],
  );
  return rows.map(({ action }) => action);
};

describe('SaleCatalog', () => {
  it('sees what was changed elsewhere, and keeps the items', async () => {
    const { id } = await shop.sale({ hot: 1, cold: 2 }, 'redis');
    const catalog = new SaleCatalog(shop.dataSource);
    const known = await catalog.find(id);
    expect(known).toMatchObject({ pausedAt: null, perBuyerLimit: null });
    await act(id, 'pause');
    await act(id, 'change', { perBuyerLimit: 3 });
    await vi.waitFor(async () => expect((await catalog.find(id))?.perBuyerLimit).toBe(3), 5_000);
    const changed = await catalog.find(id);
    expect(changed?.pausedAt).toBeInstanceOf(Date);
    expect(changed?.items).toEqual(known?.items);
  });

  it('sees what this process changed at once', async () => {
    const { id } = await shop.sale({ hot: 1 }, 'redis');
    const catalog = new SaleCatalog(shop.dataSource);
    await catalog.find(id);
    for (let limit = 1; limit <= 5; limit++) {
      await act(id, 'change', { perBuyerLimit: limit });
      await catalog.refresh();
      expect((await catalog.find(id))?.perBuyerLimit).toBe(limit);
    }
  });

  it('finds a sale also while more others are asked for than it remembers', async () => {
    const { id } = await shop.sale({ hot: 1 }, 'redis');
    const catalog = new SaleCatalog(shop.dataSource);
    const others = Array.from({ length: 1_500 }, () => randomUUID());
    const [found, ...rest] = await Promise.all([id, ...others].map((each) => catalog.find(each)));
    expect(found).toMatchObject({ id });
    expect(new Set(rest)).toEqual(new Set([undefined]));
  });

  it('finds a sale that was not there before, within a second, or at once when it was told to forget', async () => {
    const catalog = new SaleCatalog(shop.dataSource);
    const [late, atOnce] = [randomUUID(), randomUUID()];
    for (const id of [late, atOnce]) expect(await catalog.find(id)).toBeUndefined();
    await shop.dataSource.query(
      `WITH back AS (INSERT INTO sales (id, name, strategy)
         SELECT id, 'put back', 'redis' FROM unnest($1::uuid[]) AS id RETURNING id)
       INSERT INTO stock (sale_id, sku, initial, available) SELECT id, 'hot', 5, 5 FROM back`,
      [[late, atOnce]],
    );
    catalog.forget(atOnce);
    expect(await catalog.find(atOnce)).toMatchObject({ id: atOnce });
    await expect.poll(() => catalog.find(late), { timeout: 5_000 }).toMatchObject({ id: late });
  });

  it('asks Postgres about ids that nothing has once for many, and not again at once', async () => {
    const catalog = new SaleCatalog(shop.dataSource);
    const queries = vi.spyOn(shop.dataSource.getRepository(Sale), 'find');
    const ids = Array.from({ length: 500 }, () => randomUUID());
    for (let i = 0; i < 10; i++) await Promise.all(ids.map((id) => catalog.find(id)));
    expect(queries.mock.calls.length).toBeLessThan(10);
    queries.mockRestore();
  });

  it('forgets no sale for ids that nothing has', async () => {
    const { id } = await shop.sale({ hot: 1 }, 'redis');
    const catalog = new SaleCatalog(shop.dataSource);
    const known = await catalog.find(id);
    for (let i = 0; i < 30; i++) {
      const madeUp = Array.from({ length: 500 }, () => randomUUID());
      await Promise.all(madeUp.map((each) => catalog.find(each)));
      expect((await catalog.find(id))?.items).toBe(known?.items); // it was not read anew
    }
  });

  it('asks nothing of Postgres while nobody asks for a sale that is unknown', async () => {
    const catalog = new SaleCatalog(shop.dataSource);
    expect(await catalog.find(randomUUID())).toBeUndefined();
    await catalog.refresh();
  });
});

describe('controlSale', () => {
  it('changes what is named and nothing else, and tells what it did', async () => {
    const { id } = await shop.sale({ hot: 1 }, 'redis', 2);
    const catalog = new SaleCatalog(shop.dataSource);
    const now = async () => {
      await catalog.find(id);
      await catalog.refresh();
      return catalog.find(id);
    };
    await act(id, 'pause');
    await act(id, 'pause');
    await act(id, 'resume');
    await act(id, 'resume');
    expect(await now()).toMatchObject({ pausedAt: null, perBuyerLimit: 2, endsAt: null });
    await act(id, 'end');
    const ended = (await now())!.endsAt;
    await act(id, 'end');
    expect(await now()).toMatchObject({ endsAt: ended, perBuyerLimit: 2 });
    await act(id, 'change', { endsAt: '2040-01-01T00:00:00Z' });
    expect(await now()).toMatchObject({ endsAt: new Date('2040-01-01T00:00:00Z'), perBuyerLimit: 2 });
    await act(id, 'change', { endsAt: null, perBuyerLimit: null });
    expect(await now()).toMatchObject({ endsAt: null, perBuyerLimit: null, waitingRoom: null });
    expect(await actionsOn(id)).toEqual(['pause', 'resume', 'end', 'change', 'change']);
  });
});

describe.each([1, 4])('a limit that is changed while orders come, stripes: %i', (stripes) => {
  it('counts from the next hold on, though the lane is never empty', async () => {
    const worker = servers.worker(shop, 8);
    const sale = await shop.sale({ hot: 1_000 }, 'redis', null, stripes);
    const buyerId = randomUUID();
    const { strategy } = sale;
    const buy = (perBuyerLimit: number | null) => {
      const order = orderOf(sale.id, { buyerId, idempotencyKey: randomUUID() });
      return worker.reserve(order, { strategy, stripes, perBuyerLimit });
    };
    // Something is always in hand, so the lane never ends.
    const over = new AbortController();
    const others = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) await worker.reserve(orderOf(sale.id), sale);
    });
    expect(await buy(null)).toMatchObject({ status: 'reserved' });
    expect(await buy(null)).toMatchObject({ status: 'reserved' });
    sale.perBuyerLimit = 2;
    const limited = { status: 'rejected', reason: 'BUYER_LIMIT_EXCEEDED' };
    await expect
      .poll(() => buy(2), { timeout: 5_000 })
      .toEqual(limited)
      .finally(() => over.abort());
    await Promise.all(others);
  });
});
