// Reads, checks and writes, as if it were alone. Between the read and the write another buyer reads the same number.
import { randomUUID } from 'node:crypto';
import { serve } from './shop.js';

await serve(async (database, { saleId, sku, buyer, key }) => {
  const sql = 'SELECT available FROM example_stock WHERE sale_id = $1 AND sku = $2';
  const { rows } = await database.query<{ available: number }>(sql, [saleId, sku]);
  const available = rows[0]!.available;
  if (available < 1) return undefined;
  await database.query('UPDATE example_stock SET available = $3 WHERE sale_id = $1 AND sku = $2', [
    saleId,
    sku,
    available - 1,
  ]);
  const id = randomUUID();
  await database.query('INSERT INTO example_orders VALUES ($1, $2, $3, $4, $5)', [
    id,
    saleId,
    sku,
    buyer,
    key,
  ]);
  return id;
});
