import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The Idempotency-Key under which a sale was opened, and what was asked for with it. */
export class SaleKeys1764310000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sales ADD COLUMN idempotency_key text UNIQUE, ADD COLUMN request jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sales DROP COLUMN idempotency_key, DROP COLUMN request');
  }
}
