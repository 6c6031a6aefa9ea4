import type { LockDriverName } from '@app/lock';

/** How the stock row is written: section/stock-sql.ts has the SQL of each. */
export type StockWrite =
  'read-modify-write' | 'row-lock' | 'version' | 'serializable' | 'conditional' | 'unchecked' | 'skip-locked';

interface Strategy {
  /** The lock around the critical section. Its fencing token, where it has one, guards the write as well. */
  readonly lock?: LockDriverName;
  readonly write: StockWrite;
  /**
   * The units are counted in Redis, too, and a checkout takes them there: in the step in which its order is queued, or in a step of its
   * own before. Then Postgres is told.
   */
  readonly counter?: 'one-step' | 'two-steps';
  /** An unsafe one sells what is not there, or leaves units unsold: with several workers, or once something fails. It exists to show that. */
  readonly safe: boolean;
}

/** How concurrent checkouts of one SKU are kept apart. A sale names one. */
const STRATEGIES = {
  none: { write: 'read-modify-write', safe: false },
  'local-mutex': { lock: 'local-mutex', write: 'read-modify-write', safe: false },
  'redis-setnx': { lock: 'redis-setnx', write: 'read-modify-write', safe: true },
  redis: { lock: 'redis', write: 'read-modify-write', safe: true },
  redlock: { lock: 'redlock', write: 'read-modify-write', safe: true },
  etcd: { lock: 'etcd', write: 'read-modify-write', safe: true },
  zookeeper: { lock: 'zookeeper', write: 'read-modify-write', safe: true },
  consul: { lock: 'consul', write: 'read-modify-write', safe: true },
  cassandra: { lock: 'cassandra', write: 'read-modify-write', safe: true },
  'mysql-key': { lock: 'mysql-key', write: 'read-modify-write', safe: true },
  'mysql-key-lease': { lock: 'mysql-key-lease', write: 'read-modify-write', safe: true },
  'mysql-get-lock': { lock: 'mysql-get-lock', write: 'read-modify-write', safe: true },
  'postgres-advisory': { lock: 'postgres-advisory', write: 'read-modify-write', safe: true },
  'row-lock': { write: 'row-lock', safe: true },
  optimistic: { write: 'version', safe: true },
  serializable: { write: 'serializable', safe: true },
  'redis-counter-two-steps': { write: 'unchecked', counter: 'two-steps', safe: false },
  'redis-counter': { write: 'conditional', counter: 'one-step', safe: true },
  'skip-locked': { write: 'skip-locked', safe: true },
  'conditional-update': { write: 'conditional', safe: true },
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof STRATEGIES;
export const STRATEGY_NAMES = Object.keys(STRATEGIES) as [StrategyName, ...StrategyName[]];
export const DEFAULT_STRATEGY: StrategyName = 'redis';

export function strategyOf(name: StrategyName): Strategy {
  return STRATEGIES[name];
}

/** Whether each unit has a row of its own. Such a SKU has no hot row: stripes would be of no use to it. */
export const hasUnitRows = (write: StockWrite): boolean => write === 'skip-locked';
/** Most units of a sale whose units have rows: one statement opens it, within the time that a statement may take. */
export const MAX_UNIT_ROWS = 200_000;
