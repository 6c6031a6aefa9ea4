import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sales whose rows are, or are about to be, in files only. What ended, and what an admin adjusted, is found by sale. */
export class ArchivedSales1765123000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE archived_sales (
        sale_id uuid PRIMARY KEY,
        name text NOT NULL,
        ended_at timestamptz NOT NULL,
        archived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- Of its last moment here.
        audit jsonb NOT NULL,
        -- Of the file that names all others of its archive.
        manifest_sha256 text NOT NULL,
        -- Null: some of its rows may be left.
        pruned_at timestamptz
      );
      CREATE INDEX archived_sales_unpruned ON archived_sales (archived_at) WHERE pruned_at IS NULL;
      CREATE INDEX sales_ended ON sales (ends_at, id) WHERE ends_at IS NOT NULL;
      CREATE INDEX stock_adjustments_of_sale ON stock_adjustments (sale_id)`);
  }

  /** Forgets which sales were archived; their files stay. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX stock_adjustments_of_sale, sales_ended;
      DROP TABLE archived_sales`);
  }
}
