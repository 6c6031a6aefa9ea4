import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { onFreePort } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import type { Runnable } from '../setup/provider.js';
import { providePrivateRedis, provideRedis, provideRedlock } from '../setup/redis.js';
import { dataDirectory, external, nextName, startServer, type Service } from './service.js';

/**
 * When a write reaches the disk. `everysec` may lose the last second to a power cut, and to a crash of the server what it
 * confirmed while a sync was under way. Source: flushAppendOnlyFile in https://github.com/redis/redis/blob/unstable/src/aof.c
 */
type Fsync = 'everysec' | 'always';

/** A private, empty Redis with the durability the application counts on; or the one REDIS_URL names. */
export async function startRedis(): Promise<Service> {
  const provider = await provideRedis();
  if ('url' in provider) return external('REDIS_URL', provider.url, answersPing);
  return startOn(provider, 'everysec');
}

/** A private, empty Redis, whatever the environment names. */
export async function startPrivateRedis(fsync: Fsync = 'everysec'): Promise<Service> {
  return startOn(await providePrivateRedis(), fsync);
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
  return Promise.all(Array.from({ length: count }, () => startOn(provider, 'always')));
}

async function startOn(provider: Runnable, fsync: Fsync): Promise<Service> {
  const name = nextName('redis');
  const directory = await dataDirectory(name);
  const password = randomBytes(16).toString('hex'); // nobody else's client ends up here by a reused port
  return onFreePort((port) =>
    startServer({
      name,
      url: `redis://:${password}@127.0.0.1:${port}`,
      command: redisCommand(provider, { port, directory, password, fsync }),
      isReady: answersPing,
    }),
  );
}

interface Instance {
  port: number;
  directory: string;
  password: string;
  fsync: Fsync;
}

function redisCommand(provider: Runnable, instance: Instance): Command {
  if ('file' in provider) {
    return { file: provider.file, args: ['-'], input: redisConfig('127.0.0.1', instance) };
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
    input: redisConfig('*', { ...instance, port: 6379, directory: '/data' }),
  };
}

const redisConfig = (bind: string, { port, directory, password, fsync }: Instance) => `
bind ${bind}
port ${port}
dir "${directory}"
requirepass ${password}
appendonly yes
appendfsync ${fsync}
save ""
maxmemory-policy noeviction
`;

async function answersPing(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000 });
  redis.on('error', () => {}); // told by the rejection
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } finally {
    redis.disconnect();
  }
}
