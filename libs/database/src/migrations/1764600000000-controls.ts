import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A running sale can be steered: paused, and given units or robbed of them. The trail tells who did what and when. */
export class Controls1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sales ADD COLUMN paused_at timestamptz;

      CREATE TABLE stock_adjustments (
        id uuid PRIMARY KEY,
        sale_id uuid NOT NULL,
        sku text NOT NULL,
        units integer NOT NULL,
        status text NOT NULL DEFAULT 'pending',
        reason text,
        initial integer,
        available integer,
        requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        decided_at timestamptz
      );
      CREATE INDEX stock_adjustments_pending ON stock_adjustments (requested_at) WHERE status = 'pending';

      -- Only what moves units because an admin said so names its adjustment.
      ALTER TABLE stock_movements ADD COLUMN adjustment_id uuid;
      CREATE INDEX stock_movements_adjusted ON stock_movements (sale_id) WHERE adjustment_id IS NOT NULL;

      CREATE TABLE admin_actions (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        admin text NOT NULL,
        action text NOT NULL,
        sale_id uuid,
        order_id uuid,
        details jsonb NOT NULL DEFAULT '{}'
      );
      CREATE INDEX admin_actions_of_sale ON admin_actions (sale_id, id);
    `);
  }

  /** Forgets who did what. Units stay where they are, but the chain of movements of an adjusted SKU seems broken. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE admin_actions, stock_adjustments;
      ALTER TABLE stock_movements DROP COLUMN adjustment_id;
      ALTER TABLE sales DROP COLUMN paused_at;
    `);
  }
}
