import { migrate } from '@app/database';
import { EXIT } from '@app/process';
import { Spawned, TcpProxy } from '@app/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { onFreePort } from '../../../local/processes/free-port.js';
import { startPgbouncer } from '../../../local/services/pgbouncer.js';
import { startPrivatePostgres } from '../../../local/services/postgres.js';
import { speakTls } from '../../../local/services/postgres-tls.js';
import { startRedisProgram } from '../../../local/services/redis.js';
import { mainOf } from '../../../local/setup/build.js';
import { hasPgbouncer } from '../../../local/setup/pgbouncer.js';
import { LABORATORY } from '../../../local/stack/laboratory.js';

let postgres: TcpProxy;
let redis: TcpProxy;
let started: Spawned | undefined;
beforeEach(async () => {
  [postgres, redis] = await Promise.all([
    TcpProxy.before(inject('databaseUrl')),
    TcpProxy.before(inject('redisUrl')),
  ]);
});
afterEach(async () => {
  started?.kill('SIGKILL');
  await Promise.all([postgres.close(), redis.close()]);
});

/** Does not wait until it is ready. */
async function start(app: string, more: NodeJS.ProcessEnv = {}): Promise<Spawned> {
  const env = {
    DATABASE_URL: postgres.leadingTo(inject('databaseUrl')),
    REDIS_URL: redis.leadingTo(inject('redisUrl')),
    ADMIN_KEY: 'a-key-for-tests-only',
    ...LABORATORY,
    ...more,
  };
  started = await onFreePort(
    async (port) => new Spawned([mainOf(app)], { ...env, PORT: String(port) }, `http://127.0.0.1:${port}`),
  );
  return started;
}

const serves = (process: Spawned) =>
  vi.waitFor(async () => expect((await fetch(`${process.url}/health/ready`)).status).toBe(200), {
    timeout: 20_000,
    interval: 50,
  });

async function endsWithSentence(process: Spawned, sentence: RegExp) {
  expect(await process.ended).toBe(EXIT.failed);
  expect(process.output).toMatch(sentence);
  expect(process.output).not.toMatch(/^\s+at /m);
}

describe.each(['checkout-api', 'checkout-worker'])('%s', (app) => {
  it('waits for its servers, says so at once and again, and serves once they are there', async () => {
    for (const relay of [postgres, redis]) relay.cut();
    const booting = await start(app);
    const waitsFor = (server: string) => booting.output.split(`waits for ${server}`).length - 1;
    await vi.waitFor(() => expect(waitsFor('Postgres') * waitsFor('Redis')).toBe(1), { timeout: 10_000 });
    await vi.waitFor(() => expect(waitsFor('Postgres')).toBe(2), { timeout: 10_000 });
    for (const relay of [postgres, redis]) relay.heal();
    await serves(booting);
  }, 40_000);

  it.each(['Postgres', 'Redis'])(
    'says so, too, if %s goes away after it was found to be there',
    async (server) => {
      const [gone, awaited] = server === 'Postgres' ? [postgres, redis] : [redis, postgres];
      awaited.cut();
      const booting = await start(app);
      await vi.waitFor(() => expect(gone.requests > 0 && gone.links === 0).toBe(true), { timeout: 20_000 });
      gone.cut();
      awaited.heal();
      const said = server === 'Postgres' ? 'waits for Postgres' : 'Redis does not answer';
      await vi.waitFor(() => expect(booting.output).toContain(said), { timeout: 20_000 });
      await vi.waitFor(() => expect(gone.refused).toBeGreaterThan(5), { timeout: 20_000 });
      expect(booting.output.split(said).length - 1).toBeLessThan(gone.refused);
      expect(booting.output).not.toContain('Retrying');
      gone.heal();
      await serves(booting);
    },
    60_000,
  );

  it.each(['DATABASE_URL', 'REDIS_URL'] as const)(
    'ends with a sentence when %s has a wrong password',
    async (name) => {
      const url = inject(name === 'DATABASE_URL' ? 'databaseUrl' : 'redisUrl');
      const booting = await start(app, { [name]: Object.assign(new URL(url), { password: 'wrong' }).href });
      await endsWithSentence(booting, /cannot be used: .*password/);
    },
    30_000,
  );

  it.each([
    [
      'in cluster mode',
      ['appendonly no', 'cluster-enabled yes'],
      /^Redis at \S+ cannot be used: .*cluster-enabled no/m,
    ],
    [
      'that evicts',
      ['maxmemory 64mb', 'maxmemory-policy allkeys-lru'],
      /^Redis at \S+ cannot be used: .*noeviction/m,
    ],
  ])(
    'ends with a sentence before a Redis %s',
    async (_, directives, sentence) => {
      const server = await startRedisProgram({ directives });
      onTestFinished(() => server.stop());
      await endsWithSentence(await start(app, { REDIS_URL: server.url }), sentence);
    },
    30_000,
  );

  it.skipIf(!hasPgbouncer())(
    'ends with a sentence before a PgBouncer in transaction mode (apt-get install pgbouncer)',
    async () => {
      const ignored = 'statement_timeout, idle_in_transaction_session_timeout, options';
      const pooler = await startPgbouncer(inject('databaseUrl'), { ignored });
      onTestFinished(() => pooler.stop());
      const booting = await start(app, { DATABASE_URL: pooler.url });
      await endsWithSentence(booting, /^Postgres at \S+ cannot be used: .*transaction or statement mode/m);
    },
    30_000,
  );

  it('serves by a Postgres that shows a certificate of DATABASE_CA_FILE, and by no other', async () => {
    const server = await startPrivatePostgres();
    onTestFinished(() => server.stop());
    const DATABASE_CA_FILE = await speakTls(server);
    await migrate(server.url);
    const booting = await start(app, { DATABASE_URL: server.url, DATABASE_CA_FILE });
    await serves(booting);
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query<{ ssl: boolean }>(
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'checkout-%'`,
    );
    await client.end();
    expect(rows).not.toEqual([]);
    for (const row of rows) expect(row).toEqual({ ssl: true });
    booting.kill('SIGKILL');
    const elsewhere = await start(app, { DATABASE_CA_FILE });
    await vi.waitFor(() => expect(elsewhere.output).toContain('does not support SSL'), { timeout: 10_000 });
  }, 60_000);
});
