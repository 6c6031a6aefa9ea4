import { migrate } from '@app/database';
import { randomUUID } from 'node:crypto';
import pg from 'pg';

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

  async drop(): Promise<void> {
    await run(this.server, `DROP DATABASE ${this.name} WITH (FORCE)`);
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
