import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is sold at a time stands together in every index, however much was sold before: keys by sale, buyers by day, reservations by the
 * minute in which they end. With the buyer first, each order of a stampede changed a page of its own; with the SKU first, whoever looked
 * for what is due went through all SKUs.
 */
export class OrdersBesideEachOther1765200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE orders
        DROP CONSTRAINT orders_key,
        ADD CONSTRAINT orders_key UNIQUE (sale_id, buyer_id, idempotency_key);
      CREATE INDEX orders_of_buyer ON orders (((accepted_at AT TIME ZONE 'UTC')::date), buyer_id);
      DROP INDEX orders_ending;
      CREATE INDEX orders_ending ON orders ((date_trunc('minute', expires_at AT TIME ZONE 'UTC')), sale_id, sku, expires_at)
        WHERE status = 'reserved' AND expires_at IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX orders_of_buyer, orders_ending;
      CREATE INDEX orders_ending ON orders (sale_id, sku, expires_at) WHERE status = 'reserved' AND expires_at IS NOT NULL;
      ALTER TABLE orders DROP CONSTRAINT orders_key, ADD CONSTRAINT orders_key UNIQUE (buyer_id, sale_id, idempotency_key)`);
  }
}
