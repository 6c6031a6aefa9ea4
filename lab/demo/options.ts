import type { StrategyName } from '@app/inventory';
import type { PostgresWay } from '../../local/stack/pooler.js';
import type { RedisKind } from '../../local/services/services.js';

/** What a demo can be asked for. */
export interface DemoOptions {
  apiReplicas: number;
  workers: number;
  batchSize: number;
  durationSeconds: number;
  strategies: StrategyName[];
  /** What the application reaches Postgres by. */
  postgres: PostgresWay;
  redis: RedisKind;
  /** Arrivals a second before the stampede; fitted to the machine if not given. */
  rate?: number;
  /** Units on sale; a share of the expected demand if not given. */
  stock?: number;
}

/** Unless it is told otherwise. */
export const FULL: DemoOptions = {
  apiReplicas: 2,
  workers: 4,
  batchSize: 64,
  durationSeconds: 12,
  strategies: ['redis-setnx', 'redis', 'conditional-update'],
  postgres: 'plain',
  redis: 'one',
};

/** A short one, for CI. */
export const SMALL: DemoOptions = { ...FULL, durationSeconds: 5, strategies: ['redis'] };
