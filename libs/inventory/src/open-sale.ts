import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Sale } from './sale.entity.js';

type Options = Pick<
  Sale,
  'stripes' | 'perBuyerLimit' | 'reservationTtlSeconds' | 'waitingRoom' | 'startsAt' | 'endsAt'
>;

export interface NewSale extends Pick<Sale, 'name' | 'strategy'>, Partial<Options> {
  readonly items: readonly { readonly sku: string; readonly stock: number }[];
}

/** As evenly as it goes: some stripes have one unit more, and where there are more stripes than units, some have none. */
const STOCK_UP_SQL = `
  INSERT INTO stock (sale_id, sku, stripe, initial, available)
  SELECT $1, sku, stripe, share, share
  FROM unnest($3::text[], $4::int[]) AS item (sku, units), generate_series(0, $2::int - 1) AS stripe,
    LATERAL (SELECT units / $2 + (stripe < units % $2)::int AS share) AS even`;

/** Opens a sale with its stock, in one transaction. Returns its id. */
export async function openSale(dataSource: DataSource, { items, ...sale }: NewSale): Promise<string> {
  const { stripes = 1 } = sale;
  const id = randomUUID();
  await dataSource.transaction('READ COMMITTED', async (manager) => {
    await manager.insert(Sale, { ...sale, id, stripes });
    const stock = [items.map((item) => item.sku), items.map((item) => item.stock)];
    await manager.query(STOCK_UP_SQL, [id, stripes, ...stock]);
  });
  return id;
}
