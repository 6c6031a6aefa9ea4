import type { Shop } from '@app/testing';

/** What a failover of Postgres does that loses the only sale of a SKU, and not its fence. */
export async function undoSale({ dataSource }: Shop, saleId: string, sku = 'hot'): Promise<void> {
  for (const undo of [
    'DELETE FROM orders WHERE sale_id = $1 AND sku = $2',
    'DELETE FROM stock_movements WHERE sale_id = $1 AND sku = $2',
    'UPDATE stock SET available = initial, version = version - 1 WHERE sale_id = $1 AND sku = $2',
  ])
    await dataSource.query(undo, [saleId, sku]);
}
