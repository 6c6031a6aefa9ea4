import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Reservations that end are found SKU by SKU: one that cannot be restocked must not hide the others. What is paid is counted by sale.
 * Reservations without an end get no index: it would cost each checkout.
 */
export class EndingAndPaid1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX orders_ending ON orders (sale_id, sku, expires_at)
        WHERE status = 'reserved' AND expires_at IS NOT NULL;
      DROP INDEX orders_due;
      CREATE INDEX orders_paid ON orders (sale_id) INCLUDE (quantity) WHERE status = 'paid'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX orders_paid, orders_ending;
      CREATE INDEX orders_due ON orders (expires_at) WHERE status = 'reserved' AND expires_at IS NOT NULL`);
  }
}
