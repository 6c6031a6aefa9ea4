import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkPostgres } from './check-postgres.js';
import { checkRedis } from './check-redis.js';
import { notYet, unusable, type Hindrance } from './hindrance.js';
import type { Log } from './log.js';
import type { PostgresServer } from './postgres.js';
import { placeOf, type RedisServers } from './redis-servers.js';
import { ServerUnusableError } from './server-unusable-error.js';
import { isPassing } from './verdict-of.js';

/** In milliseconds: between two tries, and between two lines in the log. */
const RETRY_MS = 500;
const REPORT_MS = 5_000;

interface Servers {
  readonly Postgres?: PostgresServer;
  readonly Redis?: RedisServers;
}

/**
 * Resolves once this application can work with each of the servers, however long that takes. Logs what it waits for, at once and
 * every few seconds.
 *
 * @throws {ServerUnusableError} when waiting is in vain
 */
export async function reachable({ Postgres, Redis }: Servers, log: Log): Promise<void> {
  await Promise.all([
    Postgres && wait('Postgres', new URL(Postgres.url).host, () => checkPostgres(Postgres), log),
    Redis && wait('Redis', placeOf(Redis), () => checkRedis(Redis), log),
  ]);
}

async function wait(
  name: string,
  place: string,
  look: () => Promise<Hindrance | undefined>,
  log: Log,
): Promise<void> {
  const check = () => look().catch(hindranceOf);
  let told = -Infinity;
  for (let hindrance = await check(); hindrance; hindrance = await check()) {
    if (!hindrance.passes)
      throw new ServerUnusableError(`${name} at ${place} cannot be used: ${hindrance.what}`);
    if (performance.now() - told >= REPORT_MS) {
      told = performance.now();
      log.warn({ server: place }, `waits for ${name}: ${hindrance.what}`);
    }
    await sleep(RETRY_MS);
  }
}

/** The hindrance that the rejection of a check tells. */
function hindranceOf(error: Error): Hindrance {
  const said = error.message || (error as pg.DatabaseError).code || error.name;
  return isPassing(error) ? notYet(said) : unusable(said);
}
