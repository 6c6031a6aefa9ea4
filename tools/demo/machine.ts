import { cpus, totalmem } from 'node:os';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import type { Client } from 'pg';
import { root } from '../paths.mjs';
import type { Machine } from './summary.js';

export async function describeMachine(database: Client, redisUrl: string, k6: string): Promise<Machine> {
  const { rows } = await database.query<{ server_version: string }>('SHOW server_version');
  return {
    cores: cpus().length,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    node: process.versions.node,
    redis: await redisVersion(redisUrl),
    postgres: rows[0]!.server_version.split(' ')[0]!,
    k6,
    commit: await commit(),
  };
}

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}

/** With a mark if the tree has changes that no commit has. */
async function commit(): Promise<string> {
  const { stdout } = await execa('git', ['describe', '--always', '--dirty', '--abbrev=12'], {
    cwd: root,
    reject: false,
  });
  return stdout || 'unknown';
}
