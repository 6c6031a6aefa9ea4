import { isSqlState, ServerUnusableError } from '@app/servers';
import pg, { type ClientBase } from 'pg';

const UNDEFINED_OBJECT = '42704';

/** The role of API and workers, where it is not the owner of the tables. */
export interface RuntimeRole {
  readonly name: string;
  /** Absent: the role is there, and what it logs in with is not known here. */
  readonly password?: string;
}

/**
 * Rows of all tables, those of the simulated payment provider too, and no more: no table can be changed, emptied or made. Before
 * Postgres 15 everybody may make tables in `public`, unless that is taken back.
 */
const grantsTo = (role: string) => `
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  GRANT USAGE ON SCHEMA public, payment_provider TO ${role};
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, payment_provider TO ${role};
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role};
  REVOKE ALL ON migrations FROM ${role};`;

/** Lets the role do what API and workers do, and makes it if its password is known. Repeated after each migration: there may be new tables. */
export async function grant(client: ClientBase, { name, password }: RuntimeRole): Promise<void> {
  const role = pg.escapeIdentifier(name);
  try {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    const login =
      password &&
      `${rowCount ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)};`;
    await client.query(`${login ?? ''} ${grantsTo(role)}`); // several statements in one query: all or none
  } catch (error) {
    if (!isSqlState(error, UNDEFINED_OBJECT)) throw error;
    throw new ServerUnusableError(
      `DATABASE_RUNTIME_ROLE names ${name}, and Postgres has no such role. Create it, or set DATABASE_RUNTIME_PASSWORD.`,
    );
  }
}
