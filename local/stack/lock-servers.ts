import { strategyOf, type StrategyName } from '@app/inventory';
import { backendOf, type LockDriverName } from '@app/lock';
import { ExpectedError } from '../expected-error.js';
import { SERVER_NAMES, type ServerName } from '../services/services.js';

/** The servers that the application runs with only if they are asked for; Postgres and Redis it always has. */
export type LockServer = Exclude<ServerName, 'postgres' | 'redis'>;

const isLockServer = (name: ServerName): name is LockServer => name !== 'postgres' && name !== 'redis';
const LOCK_SERVERS = SERVER_NAMES.filter(isLockServer);

/** What these strategies need beyond Postgres and Redis. */
export function lockServersOf(strategies: readonly StrategyName[]): LockServer[] {
  const drivers = strategies.map((name) => strategyOf(name).lock).filter((lock) => lock !== undefined);
  return lockServersOfDrivers(drivers);
}

/** What these lock drivers need beyond Postgres and Redis. */
export function lockServersOfDrivers(drivers: readonly string[]): LockServer[] {
  const needed = new Set((drivers as readonly LockDriverName[]).map(backendOf));
  return LOCK_SERVERS.filter((name) => needed.has(name));
}

/** Reads the value of `--locks`: names with commas, or `all`. */
export function parseLockServers(text: string | undefined): LockServer[] {
  if (text === undefined) return [];
  if (text === 'all') return LOCK_SERVERS;
  const items = text.split(',').map((item) => item.trim());
  const unknown = items.filter((item) => !LOCK_SERVERS.some((name) => name === item));
  if (unknown.length > 0) {
    throw new ExpectedError(
      `--locks: unknown ${unknown.map((item) => `'${item}'`).join(', ')}. There are ${LOCK_SERVERS.join(', ')}, and all.`,
    );
  }
  return LOCK_SERVERS.filter((name) => items.includes(name));
}
