import { now } from '../../clock.js';
import type { History } from '../history.js';
import type { Accepted } from './buyers.js';

/** What buyers noticed of a fault. Durations are in milliseconds. */
export interface Noticed {
  /** The longest time in which nobody's order was taken. */
  readonly refusedMs: number;
  /** Of the answers before it, and after it: 99 of 100 took no longer. */
  readonly p99BeforeMs: number;
  readonly p99AfterMs: number;
}

/**
 * @param orders in any order
 * @param faultAt in milliseconds since the epoch
 */
export function noticedOf(
  orders: readonly Pick<Accepted, 'at' | 'ms'>[],
  faultAt: number,
): Noticed & { from: number; to: number } {
  const taken = orders.toSorted((a, b) => a.at - b.at);
  const moments = [faultAt, ...taken.map(({ at }) => at).filter((at) => at > faultAt)];
  const pauses = moments.slice(1).map((to, i) => ({ from: moments[i]!, to }));
  const { from, to } = pauses.reduce(
    (longest, pause) => (pause.to - pause.from > longest.to - longest.from ? pause : longest),
    {
      from: faultAt,
      to: faultAt,
    },
  );
  return {
    from,
    to,
    refusedMs: to - from,
    p99BeforeMs: p99Of(taken.filter(({ at }) => at <= faultAt)),
    p99AfterMs: p99Of(taken.filter(({ at }) => at > to)),
  };
}

function p99Of(orders: readonly Pick<Accepted, 'ms'>[]): number {
  const sorted = orders.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

/** For the drawing: a moment since the epoch, by the clock of histories. */
export function noteAt(history: History, epochMs: number, actor: string, kind: 'fault' | 'repaired') {
  history.record({ at: now() - (Date.now() - epochMs), actor, kind });
}
