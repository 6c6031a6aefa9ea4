// The same shop, repaired: the update itself checks the stock, and one key is one order. Both or neither, in a transaction.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { serve, type Wish } from './shop.js';

const ONE_ORDER_PER_KEY = `;
  CREATE UNIQUE INDEX example_orders_key ON example_orders (sale_id, key)`;

const INSERT = 'INSERT INTO example_orders VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING';
const TAKE =
  'UPDATE example_stock SET available = available - 1 WHERE sale_id = $1 AND sku = $2 AND available > 0';
const FIND = 'SELECT id FROM example_orders WHERE sale_id = $1 AND key = $2';

await serve(async (database, wish) => {
  const connection = await database.connect();
  try {
    await connection.query('BEGIN');
    const id = await take(connection, wish);
    await connection.query(id ? 'COMMIT' : 'ROLLBACK');
    connection.release();
    return id;
  } catch (error) {
    connection.release(true); // in the middle of a transaction it is of no use to anybody else
    throw error;
  }
}, ONE_ORDER_PER_KEY);

async function take(connection: pg.ClientBase, { saleId, sku, buyer, key }: Wish) {
  const id = randomUUID();
  const inserted = await connection.query(INSERT, [id, saleId, sku, buyer, key]);
  if (inserted.rowCount === 0) {
    const { rows } = await connection.query<{ id: string }>(FIND, [saleId, key]);
    return rows[0]!.id;
  }
  const taken = await connection.query(TAKE, [saleId, sku]);
  return taken.rowCount === 1 ? id : undefined;
}
