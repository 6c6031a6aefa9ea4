import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The rules of a sale's waiting room, read and written as a whole. Who is in it is in Redis only. */
export class WaitingRoom1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sales ADD COLUMN waiting_room jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sales DROP COLUMN waiting_room');
  }
}
