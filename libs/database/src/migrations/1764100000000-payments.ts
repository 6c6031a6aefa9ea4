import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reservations end, and orders are paid. The indexes hold only what a sweep looks for: due orders and unfinished payments. */
export class Payments1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE orders
        ADD COLUMN expires_at timestamptz,
        ADD COLUMN cancel_requested boolean NOT NULL DEFAULT false;
      CREATE INDEX orders_due ON orders (expires_at) WHERE status = 'reserved' AND expires_at IS NOT NULL;

      CREATE TABLE payments (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL,
        token text NOT NULL,
        units integer NOT NULL,
        status text NOT NULL DEFAULT 'started',
        started_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      -- At most one payment of an order may keep the money.
      CREATE UNIQUE INDEX payments_open ON payments (order_id) WHERE status IN ('started', 'charged');
      CREATE INDEX payments_unfinished ON payments (started_at) WHERE status IN ('started', 'refunding');

      -- The books of the simulated provider. A real one keeps them at its own place; no statement spans both.
      CREATE SCHEMA payment_provider;
      CREATE TABLE payment_provider.charges (
        key uuid PRIMARY KEY,
        units integer NOT NULL,
        status text NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP SCHEMA payment_provider CASCADE;
      DROP TABLE payments;
      ALTER TABLE orders DROP COLUMN expires_at, DROP COLUMN cancel_requested;
    `);
  }
}
