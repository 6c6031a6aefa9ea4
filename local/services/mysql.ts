import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { onFreePort } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import { provideMysql } from '../setup/mysql.js';
import type { Runnable } from '../setup/provider.js';
import { createMariadb, type Account } from './mariadb-data.js';
import { external, nextName, startServer, type Service } from './service.js';

const settings = [
  '--innodb-flush-log-at-trx-commit=1', // a commit is on disk
  '--skip-name-resolve',
  '--max-connections=500',
];

/** A private, empty MariaDB; or the database MYSQL_URL names. */
export async function startMysql(): Promise<Service> {
  const provider = await provideMysql();
  if ('url' in provider) return external('MYSQL_URL', provider.url, answersQuery);
  const name = nextName('mysql');
  const account = {
    user: 'flash_sale',
    password: randomBytes(16).toString('hex'),
    database: 'flash_sale',
  };
  const commandOn = await prepare(provider, name, account);
  return onFreePort((port) =>
    startServer({
      name,
      url: `mysql://${account.user}:${account.password}@127.0.0.1:${port}/${account.database}`,
      command: commandOn(port),
      isReady: answersQuery,
    }),
  );
}

async function prepare(
  provider: Runnable,
  name: string,
  account: Account,
): Promise<(port: number) => Command> {
  if ('image' in provider) return (port) => dockerCommand(provider.image, port, account);
  const { data, initFile, owner } = await createMariadb(provider.file, name, account);
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    `--init-file=${initFile}`,
    '--bind-address=127.0.0.1',
    '--socket=', // none
    ...settings,
  ];
  return (port) => ({ file: provider.file, args: [...args, `--port=${port}`], ...owner });
}

function dockerCommand(image: string, port: number, { user, password, database }: Account): Command {
  const variables = {
    MARIADB_USER: user,
    MARIADB_PASSWORD: password,
    MARIADB_DATABASE: database,
    MARIADB_RANDOM_ROOT_PASSWORD: '1',
  };
  const options = Object.keys(variables).flatMap((variable) => ['--env', variable]);
  return {
    file: 'docker',
    args: ['run', '--rm', '--publish', `127.0.0.1:${port}:3306`, ...options, image, ...settings],
    env: { ...process.env, ...variables },
  };
}

async function answersQuery(url: string): Promise<boolean> {
  const connection = await createConnection({ uri: url, connectTimeout: 1_000 });
  try {
    await connection.query('SELECT 1');
    return true;
  } finally {
    connection.destroy();
  }
}
