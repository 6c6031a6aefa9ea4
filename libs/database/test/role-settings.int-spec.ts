import { ROLE_SETTINGS, ServerUnusableError } from '@app/servers';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { migrate, migrationOptions } from '../src/migrate.js';

const name = `role_settings_${randomUUID().replaceAll('-', '')}`;
const urlOf = (credentials: object = {}) =>
  Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}`, ...credentials }).href;
const admin = new pg.Pool({ connectionString: inject('databaseUrl') });

beforeAll(() => admin.query(`CREATE DATABASE ${name}`));
afterAll(async () => {
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.query(`DROP ROLE IF EXISTS ${name}, ${name}_owner`);
  await admin.end();
});

async function settingsOf(url: string, names = Object.keys(ROLE_SETTINGS)): Promise<Record<string, string>> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const sql = 'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)';
    const { rows } = await client.query<{ name: string; setting: string }>(sql, [names]);
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  } finally {
    await client.end();
  }
}

it('are not touched where there is no pooler', async () => {
  await migrate(urlOf());
  expect((await settingsOf(urlOf())).statement_timeout).toBe('0');
});

it('are given to the role of API and workers, and to no other', async () => {
  const password = 'for-tests';
  await migrate(urlOf(), undefined, { name, password }, true);
  await migrate(urlOf(), undefined, { name }, true);
  expect(await settingsOf(urlOf({ username: name, password }))).toEqual(ROLE_SETTINGS);
  expect((await settingsOf(urlOf())).statement_timeout).toBe('0');
});

it('are given to the owner, if it runs API and workers; migrations are not limited by them', async () => {
  await migrate(urlOf(), undefined, undefined, true);
  expect(await settingsOf(urlOf())).toEqual(ROLE_SETTINGS);
  const pool = new pg.Pool({ connectionString: urlOf(), ...migrationOptions(urlOf(), 'test').extra });
  const { rows } = await pool.query('SHOW statement_timeout');
  expect(rows).toEqual([{ statement_timeout: '0' }]);
  await pool.end();
});

it('are told to whoever may give them, if the owner may not', async () => {
  const password = 'for-tests';
  const owner = `${name}_owner`;
  await admin.query(`CREATE ROLE ${owner} LOGIN PASSWORD '${password}'`);
  await admin.query(`CREATE DATABASE ${owner} OWNER ${owner}`);
  onTestFinished(async () => {
    await admin.query(`DROP DATABASE ${owner} WITH (FORCE)`);
  });
  const url = urlOf({ username: owner, password, pathname: `/${owner}` });
  const migrating = () => migrate(url, undefined, { name }, true);
  await expect(migrating()).rejects.toThrow(ServerUnusableError);
  await expect(migrating()).rejects.toThrow(`ALTER ROLE "${name}" IN DATABASE "${owner}" SET jit = 'off';`);
  for (const [setting, value] of Object.entries(ROLE_SETTINGS))
    await admin.query(`ALTER ROLE ${name} IN DATABASE ${owner} SET ${setting} = '${value}'`);
  await migrating();
});
