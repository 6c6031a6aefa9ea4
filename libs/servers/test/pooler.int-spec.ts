import { migrate } from '@app/database';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startPgbouncer } from '../../../local/services/pgbouncer.js';
import type { Service } from '../../../local/services/service.js';
import { hasPgbouncer } from '../../../local/setup/pgbouncer.js';
import { postgresOptions, reachable, ROLE_SETTINGS, type PostgresServer } from '../src/index.js';

const name = `pooled_${randomUUID().replaceAll('-', '')}`;
const direct = Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` }).href;
const silent = { warn: () => undefined };

/** PGBOUNCER_BIN names another one than that of the package. */
describe.skipIf(!hasPgbouncer())(
  'through a PgBouncer in transaction mode (apt-get install pgbouncer)',
  () => {
    const admin = new pg.Pool({ connectionString: inject('databaseUrl') });
    const poolers: Service[] = [];
    const pools: pg.Pool[] = [];
    beforeAll(() => admin.query(`CREATE DATABASE ${name}`));
    afterAll(async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await Promise.all(poolers.map((pooler) => pooler.stop()));
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    });

    /** One that has no session yet. */
    async function pooled(sessions: number, pooler: PostgresServer['pooler'] = 'transaction') {
      const started = await startPgbouncer(direct, { sessions });
      poolers.push(started);
      return { url: started.url, pooler };
    }

    function poolOf(server: PostgresServer): pg.Pool {
      const pool = new pg.Pool(postgresOptions(server)).on('error', () => undefined);
      pools.push(pool);
      return pool;
    }

    it('says which settings the role lacks, and what gives them to it', async () => {
      const reached = reachable({ Postgres: await pooled(2) }, silent);
      await expect(reached).rejects.toThrow(
        /sessions of the role \S+ have not the enable_seqscan, .*statement_timeout they need\. Run migrate with/,
      );
    });

    it('is content once migrations have given them, and needs one session', async () => {
      await migrate(direct, silent, undefined, true);
      await reachable({ Postgres: await pooled(1) }, silent);
    });

    it('has every session begin with what a direct one has', async () => {
      const settings = async (server: PostgresServer) =>
        (
          await poolOf(server).query<{ name: string; setting: string }>(
            'SELECT name, setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name',
            [Object.keys(ROLE_SETTINGS)],
          )
        ).rows;
      expect(await settings(await pooled(1))).toEqual(await settings({ url: direct }));
    });

    it('has slow statements and idle transactions ended by Postgres', async () => {
      const pool = poolOf(await pooled(2));
      await expect(pool.query('SELECT pg_sleep(20)')).rejects.toMatchObject({ code: '57014' });
      const client = await pool.connect();
      const ended = new Promise((resolve) => client.on('error', resolve));
      await client.query('BEGIN');
      await ended;
      client.release(true);
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    }, 30_000);

    it('prepares nothing under a name, whoever asks for it', async () => {
      const server = await pooled(3);
      const names = Array.from({ length: 40 }, (_, i) => i);
      const [one, other] = [poolOf(server), poolOf(server)];
      const asked = names.flatMap((i) =>
        [one, other].map((pool, which) =>
          pool.query<{ answer: number }>({
            name: `q${i % 4}`,
            text: `SELECT ${which} + $1::int AS answer`,
            values: [i],
          }),
        ),
      );
      const answers = (await Promise.all(asked)).map(({ rows }) => rows[0]!.answer);
      expect(answers).toEqual(names.flatMap((i) => [i, i + 1]));
      expect((await one.query('SELECT name FROM pg_prepared_statements')).rows).toEqual([]);
    });

    it('finds out a pooler that mixes up prepared statements', async () => {
      const server = await pooled(2, 'transaction-prepared');
      const reached = reachable({ Postgres: server }, silent);
      if (await keepsStatementsApart(server.url)) await reached;
      else await expect(reached).rejects.toThrow('mixes up the prepared statements');
    });
  },
);

/** As PgBouncer does from 1.21 on, if it is told to. */
async function keepsStatementsApart(url: string): Promise<boolean> {
  const console = new pg.Client(Object.assign(new URL(url), { pathname: '/pgbouncer' }).href);
  await console.connect();
  try {
    const { rows } = await console.query<{ key: string; value: string }>('SHOW CONFIG');
    return Number(rows.find(({ key }) => key === 'max_prepared_statements')?.value ?? 0) > 0;
  } finally {
    await console.end();
  }
}
