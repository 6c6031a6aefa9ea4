import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { readdir, readFile } from 'node:fs/promises';
import { processMetrics, type Watched } from './scale/process-metrics.js';

/** What Linux counts in, whatever its kernel does. */
const TICKS_PER_SECOND = 100;

/** Whose time is measured. */
interface Measured {
  readonly apis: readonly Watched[];
  readonly workers: readonly Watched[];
  readonly redisUrl: string;
}

type Database = Pick<Pool, 'query'>;

/** In microseconds. NaN: it is not known here. */
interface ProcessorTime {
  readonly api: number;
  readonly worker: number;
  readonly redis: number;
  readonly postgres: number;
}

/** Does the work, and tells what it took of each kind of process. */
export async function timed<T>(
  { apis, workers, redisUrl }: Measured,
  database: Database,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly took: ProcessorTime }> {
  const redis = new Redis(redisUrl);
  const read = () =>
    Promise.all([timeOf(apis), timeOf(workers), timeOfRedis(redis), timeOfPostgres(database)]);
  try {
    const before = await read();
    const result = await work();
    const after = await read();
    const [api, worker, redisTime, postgres] = before.map((seconds, i) => (after[i]! - seconds) * 1e6);
    return { result, took: { api: api!, worker: worker!, redis: redisTime!, postgres: postgres! } };
  } finally {
    redis.disconnect();
  }
}

/** For each of so many, as the figures of a benchmark. */
export const microsEach = ({ api, worker, redis, postgres }: ProcessorTime, count: number) => ({
  totalMicros: (api + worker + redis + postgres) / count,
  apiMicros: api / count,
  workerMicros: worker / count,
  redisMicros: redis / count,
  postgresMicros: postgres / count,
});

/** Processor time that these processes have had, in seconds. */
async function timeOf(replicas: readonly Watched[]): Promise<number> {
  const each = await processMetrics(replicas);
  return each.reduce((sum, metrics) => sum + (metrics.get('process_cpu_seconds_total') ?? Number.NaN), 0);
}

/** The same of the one thread of Redis that runs commands. */
async function timeOfRedis(redis: Redis): Promise<number> {
  const said = await redis.info('cpu');
  const seconds = (kind: string) =>
    Number(new RegExp(`used_cpu_${kind}_main_thread:([\\d.]+)`).exec(said)![1]);
  return seconds('sys') + seconds('user');
}

/** The same of all processes of Postgres, those that have ended included; NaN unless it runs on this machine, a Linux. */
async function timeOfPostgres(database: Database): Promise<number> {
  const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const backend = await processAt(rows[0]!.pid);
  if (!backend) return Number.NaN;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = (await Promise.all(pids.map(processAt))).filter((process) => process !== undefined);
  const ofPostgres = all.filter(({ pid, parent }) => parent === backend.parent || pid === backend.parent);
  return ofPostgres.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** A process by its number, with the processor time of itself and of its children that have ended. */
async function processAt(pid: number) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // Its name, in brackets, may contain anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ticks = fields.slice(11, 15).reduce((sum, each) => sum + each, 0);
  return { pid, parent: fields[1]!, seconds: ticks / TICKS_PER_SECOND };
}
