import { migrate } from '@app/database';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Sessions of processes that were killed may last; they are cut off after this, in milliseconds. */
const SESSIONS_END_MS = 1_000;

/** A migrated database that no other test sees, beside the one that they share. */
export class OwnDatabase {
  private constructor(
    readonly url: string,
    private readonly server: string,
    private readonly name: string,
  ) {}

  static async create(server: string): Promise<OwnDatabase> {
    const name = `own_${randomUUID().replaceAll('-', '')}`;
    await run(server, `CREATE DATABASE ${name}`);
    const { href } = Object.assign(new URL(server), { pathname: `/${name}` });
    await migrate(href);
    return new OwnDatabase(href, server, name);
  }

  /** Runs statements. */
  run(sql: string): Promise<void> {
    return run(this.url, sql);
  }

  /** A pool ends before its sessions do; one that is cut off then would be an error that nobody handles. */
  async drop(): Promise<void> {
    const gone = async (client: pg.Client) => {
      const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE datname = $1', [this.name]);
      return rowCount === 0;
    };
    await withClient(this.server, async (client) => {
      const deadline = Date.now() + SESSIONS_END_MS;
      while (!(await gone(client)) && Date.now() < deadline) await sleep(10);
      await client.query(`DROP DATABASE ${this.name} WITH (FORCE)`);
    });
  }
}

const run = (url: string, sql: string) => withClient(url, async (client) => void (await client.query(sql)));

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
