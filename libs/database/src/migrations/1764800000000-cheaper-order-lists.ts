import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every checkout pays for the indexes of its order, so lists share what is there: a buyer's orders are few, and are found by the
 * index that keeps keys unique. Equal times have one entry for many orders, which ids would forbid.
 */
export class CheaperOrderLists1764800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX orders_of_sale, orders_of_buyer;
      CREATE INDEX orders_of_sale ON orders (sale_id, status, accepted_at);
      ALTER TABLE orders
        DROP CONSTRAINT orders_sale_id_buyer_id_idempotency_key_key,
        ADD CONSTRAINT orders_key UNIQUE (buyer_id, sale_id, idempotency_key)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE orders DROP CONSTRAINT orders_key, ADD UNIQUE (sale_id, buyer_id, idempotency_key);
      DROP INDEX orders_of_sale;
      CREATE INDEX orders_of_sale ON orders (sale_id, status, accepted_at, id);
      CREATE INDEX orders_of_buyer ON orders (buyer_id, accepted_at, id)`);
  }
}
