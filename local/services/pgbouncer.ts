import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { onFreePort } from '../processes/free-port.js';
import { dataDirectory, nextName, startServer, type Service } from './service.js';

const PLACES = [
  '/usr/sbin/pgbouncer',
  '/usr/bin/pgbouncer',
  '/usr/local/bin/pgbouncer',
  '/opt/homebrew/bin/pgbouncer',
];

export const findPgbouncer = (): string | undefined => PLACES.find((place) => existsSync(place));

/** A pooler before this database, in this mode. */
export async function startPgbouncer(databaseUrl: string, mode: string, ignored: string): Promise<Service> {
  const { username, password, hostname, port, pathname } = new URL(databaseUrl);
  const name = nextName('pgbouncer');
  const directory = await dataDirectory(name);
  await chmod(directory, 0o777);
  const users = join(directory, 'users.txt');
  await writeFile(users, `"${username}" "${password}"\n`);
  return onFreePort(async (own) => {
    const config = join(directory, 'pgbouncer.ini');
    await writeFile(
      config,
      `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 5
ignore_startup_parameters = ${ignored}
`,
    );
    const url = `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`;
    // It does not run as root.
    const owner = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    return startServer({
      name,
      url,
      command: { file: findPgbouncer()!, args: [...owner, config] },
      isReady: answers,
    });
  });
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } finally {
    await client.end();
  }
}
