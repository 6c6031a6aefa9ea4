import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where a strategy wants it, each unit of a SKU has a row of its own. The stock row then has no `available`, and movements no `before`
 * and `after`: sales of different units overlap, so nobody knows in which order they commit. Nothing changes for other strategies, and
 * no row is rewritten.
 */
export class Units1765010000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- No foreign keys, as with orders: they would be checked for each unit.
      CREATE TABLE units (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        sale_id uuid NOT NULL,
        sku text NOT NULL,
        -- Null: it is free.
        order_id uuid
      );
      -- Finds the free ones, and those of an order.
      CREATE INDEX units_of_order ON units (sale_id, sku, order_id);

      ALTER TABLE stock ALTER COLUMN available DROP NOT NULL;
      ALTER TABLE stock_movements ALTER COLUMN before DROP NOT NULL, ALTER COLUMN after DROP NOT NULL;
    `);
  }

  /** Keeps every unit, but movements of SKUs whose units had rows are no longer a chain. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE stock SET available = (
        SELECT count(*) FROM units WHERE units.sale_id = stock.sale_id AND units.sku = stock.sku AND order_id IS NULL
      ) WHERE available IS NULL;
      UPDATE stock_movements SET before = units, after = 0 WHERE before IS NULL;
      ALTER TABLE stock ALTER COLUMN available SET NOT NULL;
      ALTER TABLE stock_movements ALTER COLUMN before SET NOT NULL, ALTER COLUMN after SET NOT NULL;
      DROP TABLE units;
    `);
  }
}
