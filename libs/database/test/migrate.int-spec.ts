import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpProxy } from '@app/testing';
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

/** Somebody is in the way of the last migration, which is to be done again. */
async function inTheWay(database: pg.Pool): Promise<pg.PoolClient> {
  await database.query('ALTER TABLE sales DROP COLUMN waiting_room');
  await database.query('DELETE FROM migrations WHERE timestamp = 1764200000000');
  const holder = await database.connect();
  await holder.query('BEGIN; LOCK TABLE sales IN ACCESS SHARE MODE');
  return holder;
}

it('waits for a lock for longer than a request may, says who holds it, and lets others by', async () => {
  await migrate(url);
  const database = new pg.Pool({ connectionString: url });
  const holder = await inTheWay(database);
  const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const holders: object[] = [];
  const migrating = migrate(url, { warn: (fields) => void holders.push(fields) });
  const others = setInterval(() => void database.query('SELECT count(*) FROM sales'), 500);
  await vi.waitFor(() => expect(holders).toContainEqual(expect.objectContaining(rows[0]!)), {
    timeout: 10_000,
  });
  await sleep(11_000);
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

it('goes on without the names of those in its way while Postgres has no connection left for the look', async () => {
  await migrate(url);
  const role = `migrator_${randomUUID().replaceAll('-', '')}`;
  const database = new pg.Pool({ connectionString: url });
  await database.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'for-tests';
    GRANT pg_read_all_stats TO ${role};
    GRANT CREATE ON SCHEMA public TO ${role};
    ALTER TABLE sales OWNER TO ${role};
    ALTER TABLE migrations OWNER TO ${role};
    GRANT USAGE ON SEQUENCE migrations_id_seq TO ${role}`);
  const holder = await inTheWay(database);
  const holders: object[] = [];
  const limited = Object.assign(new URL(url), { username: role, password: 'for-tests' }).href;
  const migrating = migrate(limited, { warn: (fields) => void holders.push(fields) });
  await vi.waitFor(() => expect(holders).not.toEqual([]), { timeout: 20_000 });
  await database.query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
  await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND query LIKE '%pg_blocking_pids%'`,
    [role],
  );
  const told = holders.length;
  await sleep(6_000); // looks three times
  expect(holders).toHaveLength(told);
  await holder.query('COMMIT');
  await migrating;
  await database.query('SELECT waiting_room FROM sales');
  holder.release();
  await database.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await database.end();
}, 60_000);

it('begins anew when Postgres goes away while it waits', async () => {
  await migrate(url);
  const database = new pg.Pool({ connectionString: url });
  const holder = await inTheWay(database);
  const proxy = await TcpProxy.before(url);
  const lines: string[] = [];
  const migrating = migrate(proxy.leadingTo(url), { warn: (_, line) => void lines.push(line) });
  try {
    await vi.waitFor(() => expect(lines).toContain('waits for a lock that another session holds'), 10_000);
    proxy.cut();
    await vi.waitFor(() => expect(lines).toContain('has lost Postgres and begins anew'), 10_000);
    proxy.heal();
  } finally {
    await holder.query('COMMIT');
    holder.release();
  }
  await migrating;
  await database.query('SELECT waiting_room FROM sales');
  await database.end();
  await proxy.close();
}, 40_000);
