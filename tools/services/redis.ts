import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onFreePort } from '../processes/free-port.js';
import { LocalProcess, type Command } from '../processes/local-process.js';
import { currentRun } from '../processes/run.mjs';
import type { Runnable } from '../setup/provider.js';
import { provideRedis } from '../setup/redis.js';
import { external, type Service } from './service.js';

let started = 0;

/** A private, empty Redis with the durability the application counts on; or the one REDIS_URL names. */
export async function startRedis(): Promise<Service> {
  const provider = await provideRedis();
  if ('url' in provider) return external('REDIS_URL', provider.url, answersPing);

  const name = `redis-${++started}`;
  const directory = join(currentRun().directory, name);
  await mkdir(directory);
  const password = randomBytes(16).toString('hex'); // nobody else's client ends up here by a reused port
  return onFreePort(async (port) => {
    const url = `redis://:${password}@127.0.0.1:${port}`;
    const command = redisCommand(provider, { port, directory, password });
    const server = new LocalProcess({ name, command, isReady: () => answersPing(url), stopLast: true });
    await server.start();
    return { url, stop: () => server.stop() };
  });
}

interface Instance {
  port: number;
  directory: string;
  password: string;
}

function redisCommand(provider: Runnable, { port, directory, password }: Instance): Command {
  if ('file' in provider) {
    return { file: provider.file, args: ['-'], input: redisConfig('127.0.0.1', port, directory, password) };
  }
  const args = ['run', '--rm', '--interactive', '--publish', `127.0.0.1:${port}:6379`, provider.image];
  return {
    file: 'docker',
    args: [...args, 'redis-server', '-'],
    input: redisConfig('*', 6379, '/data', password),
  };
}

const redisConfig = (bind: string, port: number, directory: string, password: string) => `
bind ${bind}
port ${port}
dir "${directory}"
requirepass ${password}
appendonly yes
appendfsync everysec
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
