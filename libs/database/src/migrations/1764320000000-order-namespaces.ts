import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From now on each sale has a namespace of its own, which nobody can guess. The orders of older sales keep their ids. */
export class OrderNamespaces1764320000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sales ADD COLUMN order_namespace uuid NOT NULL DEFAULT '5b1c54d6-2f0b-4d8e-9a55-0d5b8f1f6f0e';
      ALTER TABLE sales ALTER COLUMN order_namespace SET DEFAULT gen_random_uuid();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sales DROP COLUMN order_namespace');
  }
}
