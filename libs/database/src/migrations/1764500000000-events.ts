import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What happened to orders (`outbox`), in the order in which it may be read (`feed`), and who is told of it (`webhooks`).
 * A row of the outbox is written by the statement that changes the orders, one for all of them: an order costs 16 bytes in it.
 */
export class Events1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY,
        kind text NOT NULL,
        order_ids uuid[] NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- The number of its last event in the feed. A row has as many numbers as orders; null until it is published.
        last_number bigint
      ) WITH (toast_tuple_target = 8160);
      ALTER TABLE outbox ALTER COLUMN order_ids SET STORAGE EXTERNAL; -- ids do not compress
      -- A row is in one of them at a time, so the statement that writes it maintains one.
      CREATE INDEX outbox_unpublished ON outbox (id) WHERE last_number IS NULL;
      CREATE UNIQUE INDEX outbox_feed ON outbox (last_number) WHERE last_number IS NOT NULL;

      CREATE TABLE feed (
        last_number bigint NOT NULL DEFAULT 0,
        -- Events up to this number are no longer kept.
        deleted_through bigint NOT NULL DEFAULT 0
      );
      INSERT INTO feed DEFAULT VALUES;

      CREATE TABLE webhooks (
        id uuid PRIMARY KEY,
        url text NOT NULL,
        -- The newest first. Each signs.
        secrets text[] NOT NULL,
        types text[],
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- Events up to this number were accepted, or are in held_events.
        position bigint NOT NULL,
        -- Whose turn it is to deliver, by number, and until when nobody else may begin one.
        turn bigint NOT NULL DEFAULT 0,
        busy_until timestamptz NOT NULL DEFAULT '-infinity',
        -- Rounds of deliveries in a row of which nothing was accepted.
        failed_rounds integer NOT NULL DEFAULT 0
      );

      -- The events of an order that an endpoint has not accepted yet, in their order: the first was tried.
      CREATE TABLE held_events (
        webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
        order_id uuid NOT NULL,
        events jsonb NOT NULL,
        attempts integer NOT NULL,
        due_at timestamptz NOT NULL,
        -- A dead letter: nobody tries again unless somebody asks for it.
        dead boolean NOT NULL,
        error text,
        PRIMARY KEY (webhook_id, order_id)
      );
      CREATE INDEX held_events_due ON held_events (webhook_id, due_at) WHERE NOT dead;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE held_events, webhooks, feed, outbox');
  }
}
