import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The payments of an order are counted before there is another. */
export class PaymentsOfOrder1764330000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX payments_of_order ON payments (order_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX payments_of_order');
  }
}
