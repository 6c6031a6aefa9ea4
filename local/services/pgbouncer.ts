import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onFreePort } from '../processes/free-port.js';
import { providePgbouncer } from '../setup/pgbouncer.js';
import { dataDirectory, nextName, startServer, type Service } from './service.js';

interface PgbouncerOptions {
  /** `transaction`, unless a test shows what another one does. */
  readonly mode?: string;
  /** Start-up parameters that it ignores. It refuses others that it does not know. */
  readonly ignored?: string;
  /** Most sessions in Postgres. */
  readonly sessions?: number;
}

/** A PgBouncer before this database, as its package has it but for these options. */
export async function startPgbouncer(
  databaseUrl: string,
  { mode = 'transaction', ignored = '', sessions = 5 }: PgbouncerOptions = {},
): Promise<Service> {
  const { file } = await providePgbouncer();
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
admin_users = ${username}
pool_mode = ${mode}
default_pool_size = ${sessions}
max_client_conn = 1000
ignore_startup_parameters = ${ignored}
`,
    );
    const url = `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`;
    // It does not run as root.
    const owner = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    return startServer({
      name,
      url,
      command: { file, args: [...owner, config] },
      isReady: listens,
    });
  });
}

/** Asks for nothing: it would open a session in Postgres, with the settings that the role has by then. */
async function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
