import { dataSourceOptions, poolOf } from '@app/database';
import { Locks } from '@app/lock';
import { TcpProxy } from '@app/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startPrivatePostgres } from '../../../local/services/postgres.js';
import { speakTls } from '../../../local/services/postgres-tls.js';
import type { Service } from '../../../local/services/service.js';
import { postgresOptions, reachable } from '../src/index.js';

const silent = { warn: () => undefined };
/** Who is served, and whether it is encrypted. */
const WHO = 'SELECT pid, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

interface Session {
  readonly pid: number;
  readonly ssl: boolean;
}

let server: Service;
let ca: string;
beforeAll(async () => {
  server = await startPrivatePostgres();
  ca = await speakTls(server);
});
afterAll(() => server.stop());

const withParameters = (parameters: Record<string, string>, address = server.url): string => {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
};

function poolAt(url: string): pg.Pool {
  const pool = new pg.Pool({ ...postgresOptions({ url }), max: 1 }).on('error', () => undefined);
  onTestFinished(() => pool.end());
  return pool;
}

it('encrypts connections to a server of a CA that is named, TypeORM’s too', async () => {
  const url = withParameters({ sslrootcert: ca });
  await reachable({ Postgres: { url } }, silent);
  expect((await poolAt(url).query<Session>(WHO)).rows).toMatchObject([{ ssl: true }]);
  const options = dataSourceOptions({ url, poolSize: 1, applicationName: 'test' });
  const source = await new DataSource(options).initialize();
  onTestFinished(() => source.destroy());
  expect((await poolOf(source).query<Session>(WHO)).rows).toMatchObject([{ ssl: true }]);
});

it('encrypts without looking at the certificate if it is told so, and not at all unless it is told', async () => {
  const sslOf = async (url: string) => (await poolAt(url).query<Session>(WHO)).rows[0]!.ssl;
  expect(await sslOf(withParameters({ sslmode: 'no-verify' }))).toBe(true);
  expect(await sslOf(server.url)).toBe(false);
});

it('does not wait for a server whose certificate nobody it knows has signed', async () => {
  const reached = reachable({ Postgres: { url: withParameters({ sslmode: 'verify-full' }) } }, silent);
  await expect(reached).rejects.toThrow(/cannot be used: .*certificate/);
});

it('does not wait for one that has a certificate for another name', async () => {
  const url = withParameters({ sslrootcert: ca }).replace('127.0.0.1', 'localhost');
  await expect(reachable({ Postgres: { url } }, silent)).rejects.toThrow(/cannot be used: .*localhost/);
});

it('keeps an encrypted connection that talks, and leaves it when it falls silent', async () => {
  const relay = await TcpProxy.before(server.url);
  onTestFinished(() => relay.close());
  const pool = poolAt(withParameters({ sslrootcert: ca }, relay.leadingTo(server.url)));
  const pidOf = async () => (await pool.query<Session>(WHO)).rows[0]!.pid;
  const pid = await pidOf();
  for (let seconds = 0; seconds < 11; seconds++) {
    await sleep(1_000);
    expect(await pidOf()).toBe(pid);
  }
  void relay.forget();
  await expect(pidOf()).rejects.toThrow('Postgres has said nothing');
  expect(await pidOf()).not.toBe(pid);
}, 60_000);

it('locks by encrypted sessions, and tells the holder when its own ends', async () => {
  const locks = new Locks({ postgres: withParameters({ sslrootcert: ca }) });
  onTestFinished(() => locks.close());
  const lock = await locks.of('postgres-advisory');
  const sessions = poolAt(server.url);
  const LOCKING = `FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'lock'`;
  await lock.withLock('any', { ttl: 10_000, wait: 5_000 }, async () => {
    const { rows } = await sessions.query<Session>(`SELECT pid, ssl ${LOCKING}`);
    expect(rows).toMatchObject([{ ssl: true }]);
  });
  const lost = lock.withLock('any', { ttl: 60_000, wait: 5_000 }, async ({ signal }) => {
    // Listened for first: it may be told before the query is answered.
    const told = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await sessions.query(`SELECT pg_terminate_backend(pid) ${LOCKING}`);
    await told;
  });
  await expect(lost).rejects.toMatchObject({ code: 'LOCK_LOST' });
});
