import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A page of the list of sales is read where the one before it ended. */
export class NewestSales1764305000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX sales_newest ON sales (created_at, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX sales_newest');
  }
}
