import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { migrate } from '../src/migrate.js';

const name = `locked_${randomUUID().replaceAll('-', '')}`;
const url = Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` }).href;
const admin = new pg.Pool({ connectionString: inject('databaseUrl') });
beforeAll(() => admin.query(`CREATE DATABASE ${name}`));
afterAll(async () => {
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
});

it('waits for a lock for longer than a request may, says who holds it, and lets others by', async () => {
  await migrate(url);
  const database = new pg.Pool({ connectionString: url });
  // As before the last migration, whose change of the table somebody is in the way of.
  await database.query('ALTER TABLE sales DROP COLUMN waiting_room');
  await database.query('DELETE FROM migrations WHERE timestamp = 1764200000000');
  const holder = await database.connect();
  await holder.query('BEGIN; LOCK TABLE sales IN ACCESS SHARE MODE');
  const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const holders: object[] = [];
  const migrating = migrate(url, { warn: (fields) => void holders.push(fields) });
  const others = setInterval(() => void database.query('SELECT count(*) FROM sales'), 500);
  await vi.waitFor(() => expect(holders).toContainEqual(expect.objectContaining(rows[0]!)), {
    timeout: 10_000,
  });
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  clearInterval(others);
  const latest = performance.now();
  await database.query('SELECT count(*) FROM sales');
  expect(performance.now() - latest).toBeLessThan(4_000);
  await holder.query('COMMIT');
  await migrating;
  await database.query('SELECT waiting_room FROM sales');
  holder.release();
  await database.end();
}, 40_000);
