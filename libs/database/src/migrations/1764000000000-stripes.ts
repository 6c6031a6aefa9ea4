import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The stock of a SKU may lie in several rows. An existing row becomes the only stripe of its SKU. */
export class Stripes1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sales ADD COLUMN stripes smallint NOT NULL DEFAULT 1;

      ALTER TABLE stock
        ADD COLUMN stripe smallint NOT NULL DEFAULT 0,
        DROP CONSTRAINT stock_pkey,
        ADD PRIMARY KEY (sale_id, sku, stripe);

      ALTER TABLE stock_movements ADD COLUMN stripe smallint NOT NULL DEFAULT 0;
      DROP INDEX stock_movements_chain;
      CREATE INDEX stock_movements_chain ON stock_movements (sale_id, sku, stripe, id);
    `);
  }

  /** Keeps every unit, but the movements of a striped SKU are no longer one chain. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE stock SET initial = whole.initial, available = whole.available
      FROM (
        SELECT sale_id, sku, sum(initial) AS initial, sum(available) AS available FROM stock GROUP BY sale_id, sku
      ) AS whole
      WHERE stock.sale_id = whole.sale_id AND stock.sku = whole.sku AND stripe = 0;
      DELETE FROM stock WHERE stripe > 0;

      ALTER TABLE stock DROP COLUMN stripe, ADD PRIMARY KEY (sale_id, sku);
      DROP INDEX stock_movements_chain;
      ALTER TABLE stock_movements DROP COLUMN stripe;
      CREATE INDEX stock_movements_chain ON stock_movements (sale_id, sku, id);
      ALTER TABLE sales DROP COLUMN stripes;
    `);
  }
}
