import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders are listed by time, have prices where their sale has, and can be refunded. */
export class OrdersByTime1764700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- In minor units of the currency of the sale.
      ALTER TABLE sales ADD COLUMN currency text;
      ALTER TABLE stock ADD COLUMN price integer;
      ALTER TABLE payments ADD COLUMN amount bigint, ADD COLUMN currency text;
      ALTER TABLE payment_provider.charges ADD COLUMN amount bigint, ADD COLUMN currency text;

      ALTER TABLE orders
        ADD COLUMN paid_at timestamptz,
        ADD COLUMN ended_at timestamptz,
        -- A refunded order whose units are to come back, and since when the units of any ended order are back.
        ADD COLUMN restock boolean NOT NULL DEFAULT false,
        ADD COLUMN restocked_at timestamptz;
      CREATE INDEX orders_to_restock ON orders (id) WHERE restock AND restocked_at IS NULL;

      CREATE INDEX orders_of_sale ON orders (sale_id, status, accepted_at, id);
      CREATE INDEX orders_of_buyer ON orders (buyer_id, accepted_at, id);
    `);
  }

  /** Units of refunded orders that came back are counted as sold again by what knows no refunds. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX orders_of_sale, orders_of_buyer;
      ALTER TABLE orders DROP COLUMN paid_at, DROP COLUMN ended_at, DROP COLUMN restock, DROP COLUMN restocked_at;
      ALTER TABLE payment_provider.charges DROP COLUMN amount, DROP COLUMN currency;
      ALTER TABLE payments DROP COLUMN amount, DROP COLUMN currency;
      ALTER TABLE stock DROP COLUMN price;
      ALTER TABLE sales DROP COLUMN currency;
    `);
  }
}
