import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { THIS_MACHINE, type Host } from '../network/host.js';
import { onFreePort } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import type { Runnable } from '../setup/provider.js';
import { providePrivateRedis, provideRedis, provideRedisProgram, provideRedlock } from '../setup/redis.js';
import { dataDirectory, external, nextName, startServer, type Service } from './service.js';
import type { SkewedClock } from './skewed-clock.js';

/**
 * When a write reaches the disk. `everysec` may lose the last second to a power cut, and to a crash of the server what it
 * confirmed while a sync was under way; a server that `never` writes comes back empty.
 * Source: flushAppendOnlyFile in https://github.com/redis/redis/blob/unstable/src/aof.c
 */
type Fsync = 'everysec' | 'always' | 'never';

/** A private, empty Redis with the durability the application counts on; or the one REDIS_URL names. */
export async function startRedis(): Promise<Service> {
  const provider = await provideRedis();
  if ('url' in provider) return external('REDIS_URL', provider.url, answersPing);
  return startOn(provider, { fsync: 'everysec' });
}

/** A private, empty Redis, whatever the environment names. */
export async function startPrivateRedis(fsync: Fsync = 'everysec'): Promise<Service> {
  return startOn(await providePrivateRedis(), { fsync });
}

interface ProgramOptions {
  fsync?: Fsync;
  password?: string;
  /** More lines for its configuration file. */
  directives?: readonly string[];
  clock?: SkewedClock;
  host?: Host;
  isReady?: (url: string) => Promise<boolean>;
  /** Its port is lower. */
  below?: number;
}

/** The same as a program on this machine, never in a container: servers of that kind reach each other. */
export async function startRedisProgram(options: ProgramOptions): Promise<Service> {
  return startOn(await provideRedisProgram(), options);
}

/**
 * Independent servers for redlock; or those REDLOCK_URLS names. They sync every write, as https://redis.io/docs/latest/develop/use/patterns/distributed-locks
 * asks of servers that may restart within a TTL.
 */
export async function startRedlockServers(count = 5): Promise<Service[]> {
  const provider = await provideRedlock();
  if ('url' in provider) {
    return Promise.all(provider.url.split(',').map((url) => external('REDLOCK_URLS', url, answersPing)));
  }
  return Promise.all(Array.from({ length: count }, () => startOn(provider, { fsync: 'always' })));
}

async function startOn(
  provider: Runnable,
  {
    fsync = 'everysec',
    password = newPassword(),
    directives = [],
    clock,
    host = THIS_MACHINE,
    isReady = answersPing,
    below,
  }: ProgramOptions,
): Promise<Service> {
  const name = nextName('redis');
  const directory = await dataDirectory(name);
  const start = (port: number) =>
    startServer({
      name,
      url: `redis://:${password}@${host.address}:${port}`,
      command: host.run({
        ...redisCommand(provider, { address: host.address, port, directory, password, fsync, directives }),
        env: clock?.env,
      }),
      isReady: async (url) => isReady(await host.reach(url)),
    });
  return onFreePort(start, below);
}

/** With it nobody else's client ends up here by a reused port. */
export const newPassword = () => randomBytes(16).toString('hex');

interface Instance {
  address: string;
  port: number;
  directory: string;
  password: string;
  fsync: Fsync;
  directives: readonly string[];
}

function redisCommand(provider: Runnable, instance: Instance): Command {
  if ('file' in provider) {
    return { file: provider.file, args: ['-'], input: redisConfig(instance) };
  }
  const args = [
    'run',
    '--rm',
    '--interactive',
    '--publish',
    `127.0.0.1:${instance.port}:6379`,
    provider.image,
  ];
  return {
    file: 'docker',
    args: [...args, 'redis-server', '-'],
    input: redisConfig({ ...instance, address: '*', port: 6379, directory: '/data' }),
  };
}

const redisConfig = ({ address, port, directory, password, fsync, directives }: Instance) => `
bind ${address}
port ${port}
dir "${directory}"
requirepass ${password}
${fsync === 'never' ? 'appendonly no' : `appendonly yes\nappendfsync ${fsync}`}
save ""
maxmemory-policy noeviction
${directives.join('\n')}
`;

/** Asks one question on a connection of its own, once. */
export async function askRedis<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000 });
  redis.on('error', () => {}); // told by the rejection
  try {
    await redis.connect();
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

const answersPing = async (url: string) => (await askRedis(url, (redis) => redis.ping())) === 'PONG';
