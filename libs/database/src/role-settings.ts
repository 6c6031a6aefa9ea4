import { isSqlState, ROLE_SETTINGS, ServerUnusableError } from '@app/servers';
import pg, { type ClientBase } from 'pg';

const INSUFFICIENT_PRIVILEGE = '42501';

const LOOK_SQL = `
  SELECT rolname AS role, current_database() AS database, coalesce(setconfig, '{}') AS settings
  FROM pg_roles LEFT JOIN pg_db_role_setting ON setrole = pg_roles.oid
    AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  WHERE rolname = coalesce($1, current_user)`;

interface Look {
  readonly role: string;
  readonly database: string;
  /** `name=value` each. */
  readonly settings: readonly string[];
}

/**
 * Gives a role, or the own one, what sessions otherwise begin with. Through a pooler nobody knows who begins a session, so every session
 * of the role in this database begins so.
 */
export async function giveSettings(client: ClientBase, name: string | undefined): Promise<void> {
  const { role, database, settings } = (await client.query<Look>(LOOK_SQL, [name])).rows[0]!;
  const lacking = Object.entries(ROLE_SETTINGS).filter(
    ([setting, value]) => !settings.includes(`${setting}=${value}`),
  );
  if (lacking.length === 0) return;
  const whose = `ALTER ROLE ${pg.escapeIdentifier(role)} IN DATABASE ${pg.escapeIdentifier(database)}`;
  const sql = lacking
    .map(([setting, value]) => `${whose} SET ${setting} = ${pg.escapeLiteral(value)};`)
    .join(' ');
  try {
    await client.query(sql);
  } catch (error) {
    if (!isSqlState(error, INSUFFICIENT_PRIVILEGE)) throw error;
    throw new ServerUnusableError(
      `Sessions of a pooler have the settings of their role, and ${role} has to be given them by somebody who may (a superuser, or a role with CREATEROLE): ${sql}`,
    );
  }
}
