import { TcpProxy } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { postgresOptions, probePostgres } from '../src/index.js';

const name = `limits_${randomUUID().replaceAll('-', '')}`;
const direct = Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` });
const admin = new pg.Pool({ connectionString: inject('databaseUrl') });

let relay: TcpProxy;
let pool: pg.Pool;
beforeAll(() => admin.query(`CREATE DATABASE ${name}`));
afterAll(async () => {
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
});
beforeEach(async () => {
  relay = await TcpProxy.before(direct.href);
  pool = new pg.Pool({ ...postgresOptions({ url: relay.leadingTo(direct.href) }), max: 1 });
  pool.on('error', () => undefined);
});
afterEach(async () => {
  await pool.end();
  await relay.close();
});

it('gives up a connection that falls silent, and lends another one in its place', async () => {
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  void relay.forget();
  const begun = performance.now();
  await expect(pool.query('SELECT 1')).rejects.toThrow('Postgres has said nothing');
  expect(performance.now() - begun).toBeLessThan(11_000);
  expect((await pool.query('SELECT pg_backend_pid() AS pid')).rows).not.toEqual(rows);
}, 20_000);

it('does so whoever had lent it, and does not lend it again', async () => {
  const client = await pool.connect();
  client.on('error', () => undefined);
  await client.query('BEGIN');
  void relay.forget();
  await expect(client.query('SELECT 1')).rejects.toThrow('Postgres has said nothing');
  await expect(client.query('ROLLBACK')).rejects.toThrow('not queryable'); // at once
  client.release(); // as TypeORM does
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
}, 20_000);

it('is not kept waiting by the end of a connection that fell silent', async () => {
  const client = await pool.connect();
  void relay.forget();
  client.release(true);
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
}, 20_000);

it('has the statements that Postgres is slow with ended by it', async () => {
  await expect(pool.query('SELECT pg_sleep(20)')).rejects.toMatchObject({ code: '57014' });
}, 20_000);

it('has a transaction that idles ended by it, with its connection', async () => {
  const client = await pool.connect();
  const ended = once(client, 'error');
  await client.query('BEGIN');
  expect(await ended).toMatchObject([{ code: '25P03' }]);
  client.release();
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
}, 20_000);

it('reads committed, whatever the database has as its default', async () => {
  await admin.query(`ALTER DATABASE ${name} SET default_transaction_isolation = 'repeatable read'`);
  const { rows } = await pool.query('SHOW transaction_isolation');
  expect(rows).toEqual([{ transaction_isolation: 'read committed' }]);
});

it('says why it cannot be used', async () => {
  await probePostgres(pool);
  await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await pool.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
  await expect(probePostgres(pool)).rejects.toThrow('takes no writes');
  const wrong = Object.assign(new URL(direct), { password: 'wrong' });
  const denied = new pg.Pool(postgresOptions({ url: wrong.href }));
  await expect(probePostgres(denied)).rejects.toThrow(/refuses the password \(28/);
});
