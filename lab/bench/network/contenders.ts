import { strategyOf, type StrategyName } from '@app/inventory';
import { strategy, type WayToSettle } from '../worker/ways-to-settle.js';
import { PROCESSES } from '../worker/worker-tables.js';

/** Of each message to Redis or Postgres, and of each answer. */
export const DELAYS_MS: readonly number[] = [0, 1, 5, 20];

export const benchmarkOf = (ms: number) => `network, ${ms} ms`;

/** A lock in Redis, one in the row itself, and none: a statement that checks what it changes. */
export const STRATEGIES: readonly StrategyName[] = ['redis', 'row-lock', 'conditional-update'];
export const BATCH_SIZES = [1, 64] as const;

export const CONTENDERS: readonly WayToSettle[] = STRATEGIES.flatMap((name) =>
  BATCH_SIZES.map((batchSize) => strategy('deep', name, batchSize)),
);

/** As many as this machine settled in a second without any delay, at least. */
const MOST_PER_SECOND = { 1: 1_000, 64: 15_000 };

/** So many that a run takes about so long: who holds the row or its lock waits for some four round trips, one after the other. */
export function ordersFor({ rules, batchSize }: WayToSettle, ms: number, seconds: number): number {
  const abreast = strategyOf(rules.strategy).write === 'conditional' ? 16 * PROCESSES : 1;
  const perSecond = (abreast * batchSize * 1_000) / (2 + 8 * ms);
  const most = MOST_PER_SECOND[batchSize as keyof typeof MOST_PER_SECOND];
  return Math.max(8 * PROCESSES, Math.round(seconds * Math.min(most, perSecond)));
}
