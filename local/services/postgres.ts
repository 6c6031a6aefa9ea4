import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ExpectedError } from '../expected-error.js';
import { THIS_MACHINE, type Host } from '../network/host.js';
import { onFreePort } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import { providePostgres, providePrivatePostgres } from '../setup/postgres.js';
import type { Runnable } from '../setup/provider.js';
import { copyCluster, createCluster, type Cluster } from './postgres-cluster.js';
import { external, nextName, startServer, type Service } from './service.js';

const user = 'flash_sale';
const settings = ['max_connections=200', 'shared_buffers=256MB', 'fsync=on'].flatMap((setting) => [
  '-c',
  setting,
]);

/** A private, empty Postgres with the durability the application counts on; or the one DATABASE_URL names. */
export async function startPostgres(): Promise<Service> {
  const provider = await providePostgres();
  if ('url' in provider) return external('DATABASE_URL', provider.url, answersQuery);
  return startOn(provider);
}

/** A private, empty Postgres, whatever the environment names. */
export async function startPrivatePostgres(): Promise<Service> {
  return startOn(await providePrivatePostgres());
}

/** The same on another host of this machine. */
export async function startPostgresOn(host: Host): Promise<Service> {
  const provider = await providePrivatePostgres();
  if ('image' in provider) throw new ExpectedError('Another host needs a Postgres that is installed here.');
  return startOn(provider, host);
}

async function startOn(provider: Runnable, host = THIS_MACHINE): Promise<Service> {
  const name = nextName('postgres');
  const password = randomBytes(16).toString('hex');
  const commandOn = await prepare(provider, name, password, host);
  return onFreePort(async (port) => {
    const urlOf = (database: string) => `postgres://${user}:${password}@${host.address}:${port}/${database}`;
    const server = await startServer({
      name,
      url: urlOf(user),
      command: commandOn(port),
      isReady: async () => answersQuery(await host.reach(urlOf('postgres'))),
      stopSignal: 'SIGINT', // does not wait for clients to leave
    });
    await askPostgres(await host.reach(urlOf('postgres')), `CREATE DATABASE ${user}`);
    return server;
  });
}

async function prepare(
  provider: Runnable,
  name: string,
  password: string,
  host: Host,
): Promise<(port: number) => Command> {
  if ('image' in provider) return (port) => dockerCommand(provider.image, port, password);
  return commandFor(await createCluster(provider.file, { name, user, password }), host);
}

/** How a cluster on this machine is served. */
function commandFor({ file, data, owner }: Cluster, host = THIS_MACHINE): (port: number) => Command {
  const network = ['-c', `listen_addresses=${host.address}`, '-c', 'unix_socket_directories='];
  return (port) =>
    host.run({ file, args: ['-D', data, '-p', String(port), ...network, ...settings], ...owner });
}

/**
 * A streaming replica of a private Postgres on this machine. It follows from now on, and answers reads.
 *
 * @param by how it reaches the primary, if not directly
 */
export async function startStandby(primary: Service, by = primary.url): Promise<Service> {
  const provider = await providePrivatePostgres();
  if ('image' in provider) throw new ExpectedError('A replica needs a Postgres that is installed here.');
  const name = nextName('standby');
  const commandOn = commandFor(await copyCluster(provider.file, { name, primary: by }));
  return onFreePort((port) => {
    const url = Object.assign(new URL(primary.url), { port: String(port) }).href;
    return startServer({ name, url, command: commandOn(port), isReady: answersQuery, stopSignal: 'SIGINT' });
  });
}

function dockerCommand(image: string, port: number, password: string): Command {
  const options = ['--rm', '--publish', `127.0.0.1:${port}:5432`];
  const variables = ['POSTGRES_PASSWORD', 'POSTGRES_USER', 'POSTGRES_DB'].flatMap((variable) => [
    '--env',
    variable,
  ]);
  return {
    file: 'docker',
    args: ['run', ...options, ...variables, image, ...settings],
    env: { ...process.env, POSTGRES_PASSWORD: password, POSTGRES_USER: user, POSTGRES_DB: 'postgres' },
  };
}

async function answersQuery(url: string): Promise<boolean> {
  await askPostgres(url, 'SELECT 1');
  return true;
}

/** Asks one question on a connection of its own, once. */
export async function askPostgres<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {}); // told by the rejection
  try {
    await client.connect();
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
