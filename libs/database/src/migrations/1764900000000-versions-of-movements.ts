import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A movement says which version of its row it made. Movements from before have none, nor have those of a worker that is not replaced
 * yet. No row is rewritten.
 */
export class VersionsOfMovements1764900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE stock_movements ADD COLUMN version bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE stock_movements DROP COLUMN version');
  }
}
