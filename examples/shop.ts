// A little shop: everything but how an order is taken. That is in naive-shop.ts and in repaired-shop.ts.
import Fastify from 'fastify';
import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface Wish {
  readonly saleId: string;
  readonly sku: string;
  readonly buyer: string;
  /** The same each time a buyer asks for the same order. */
  readonly key: string;
}

/** @returns the id of the order, or undefined where nothing is left */
export type TakeOrder = (database: pg.Pool, wish: Wish) => Promise<string | undefined>;

const TABLES = `
  DROP TABLE IF EXISTS example_stock, example_orders;
  CREATE TABLE example_stock (sale_id uuid, sku text, available int, PRIMARY KEY (sale_id, sku));
  CREATE TABLE example_orders (id uuid PRIMARY KEY, sale_id uuid, sku text, buyer text, key text)`;
const OPEN_SALE = `
  INSERT INTO example_stock SELECT $1, item.sku, item.stock FROM json_to_recordset($2) AS item (sku text, stock int)`;
const SOLD = 'SELECT count(*)::int AS sold FROM example_orders WHERE sale_id = $1';

interface Sale {
  Params: { saleId: string };
}
interface Checkout extends Sale {
  Body: { sku: string; buyer: string };
  Headers: { 'idempotency-key': string };
}

/** Serves the shop at PORT, with tables in the Postgres at DATABASE_URL that are empty at first. */
export async function serve(takeOrder: TakeOrder, moreTables = ''): Promise<void> {
  const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
  await database.query(TABLES + moreTables);
  const shop = Fastify();
  shop.get('/health', () => 'up');
  shop.post<{ Body: { items: object[] } }>('/sales', async ({ body }, reply) => {
    const id = randomUUID();
    await database.query(OPEN_SALE, [id, JSON.stringify(body.items)]);
    return reply.code(201).send({ id });
  });
  shop.post<Checkout>('/sales/:saleId/orders', async ({ params, body, headers }, reply) => {
    const id = await takeOrder(database, { ...params, ...body, key: headers['idempotency-key'] });
    return id ? reply.code(201).send({ id }) : reply.code(409).send({ reason: 'sold out' });
  });
  shop.get<Sale>('/sales/:saleId', async ({ params }) => {
    const { rows } = await database.query<{ sold: number }>(SOLD, [params.saleId]);
    return rows[0];
  });
  await shop.listen({ port: Number(process.env.PORT) });
}
