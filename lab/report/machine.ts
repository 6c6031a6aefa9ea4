import { cpus, totalmem } from 'node:os';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import type { Client } from 'pg';
import { root } from '../../local/paths.mjs';
import { html, type Html } from './html.js';

/** What a report was measured on. */
export interface Machine {
  cores: number;
  memoryGiB: number;
  node: string;
  redis: string;
  postgres: string;
  /** Where it made the load. */
  k6?: string;
  commit: string;
}

export async function describeMachine(database: Client, redisUrl: string, k6?: string): Promise<Machine> {
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

/** How to repeat what a report shows, when it was, and on what. */
export function againSection(command: string, machine: Machine, finishedAt: Date): Html {
  const entries = {
    finished: `${finishedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    machine: `${machine.cores} cores, ${machine.memoryGiB} GiB`,
    'Node.js': machine.node,
    Postgres: machine.postgres,
    Redis: machine.redis,
    ...(machine.k6 && { k6: machine.k6 }),
    commit: machine.commit,
  };
  return html`<section aria-labelledby="again">
    <h2 id="again">Do it again</h2>
    <pre tabindex="0"><code>${command}</code></pre>
    <ul class="machine">
      ${Object.entries(entries).map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}
    </ul>
  </section>`;
}
