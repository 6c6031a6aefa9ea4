import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Leaves out two things on purpose. There is no CHECK (available >= 0): the database must not rescue the lock-off mode.
 * Orders and stock_movements have no foreign keys: each would lock the one hot row for every order.
 */
export class Schema1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sales (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        strategy text NOT NULL,
        per_buyer_limit integer,
        reservation_ttl_seconds integer,
        starts_at timestamptz,
        ends_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );

      -- Half of each page stays free, so that the hot row is updated in place (HOT) and no index grows.
      CREATE TABLE stock (
        sale_id uuid NOT NULL REFERENCES sales (id),
        sku text NOT NULL,
        initial integer NOT NULL,
        available integer NOT NULL,
        fence_token bigint NOT NULL DEFAULT 0,
        fence_holder text,
        version bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (sale_id, sku)
      ) WITH (fillfactor = 50);

      CREATE TABLE orders (
        id uuid PRIMARY KEY,
        sale_id uuid NOT NULL,
        sku text NOT NULL,
        buyer_id text NOT NULL,
        quantity integer NOT NULL,
        status text NOT NULL,
        reason text,
        idempotency_key text NOT NULL,
        accepted_at timestamptz NOT NULL,
        settled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (sale_id, buyer_id, idempotency_key)
      );

      CREATE TABLE stock_movements (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        sale_id uuid NOT NULL,
        sku text NOT NULL,
        units integer NOT NULL,
        before integer NOT NULL,
        after integer NOT NULL,
        token bigint,
        holder text,
        committed_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE INDEX stock_movements_chain ON stock_movements (sale_id, sku, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE stock_movements, orders, stock, sales');
  }
}
