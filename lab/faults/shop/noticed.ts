import { now } from '../../clock.js';
import { quantile } from '../../statistics/quantiles.js';
import type { History } from '../history.js';
import type { Accepted } from './buyers.js';

/** An answer that a buyer had hoped for: when it came, and how long it took. */
type Answer = Pick<Accepted, 'at' | 'ms'>;

/** What buyers noticed of a fault. */
export interface Noticed {
  /** The longest time without such an answer, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** 99 of 100 answers before the fault, and after that time, took no longer; in milliseconds. */
  readonly p99BeforeMs: number;
  readonly p99AfterMs: number;
}

/** @param faultAt in milliseconds since the epoch */
export function noticedOf(answers: readonly Answer[], faultAt: number): Noticed {
  const before = answers.filter(({ at }) => at <= faultAt);
  const moments = [faultAt, ...answers.map(({ at }) => at).filter((at) => at > faultAt)].toSorted(
    (a, b) => a - b,
  );
  const pauses = moments.slice(1).map((to, i) => ({ from: moments[i]!, to }));
  const [longest = { from: faultAt, to: faultAt }] = pauses.toSorted(
    (a, b) => b.to - b.from - (a.to - a.from),
  );
  const after = answers.filter(({ at }) => at > longest.to);
  return { ...longest, p99BeforeMs: p99Of(before), p99AfterMs: p99Of(after) };
}

/** 0 of none. */
function p99Of(answers: readonly Answer[]): number {
  const sorted = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return quantile(sorted, 0.99) || 0;
}

/** For the drawing: from when until when something was so, in milliseconds since the epoch. */
export function noteTime(history: History, what: string, { from, to }: Pick<Noticed, 'from' | 'to'>) {
  const atEpoch = now() - Date.now();
  history.record({ at: atEpoch + from, actor: what, kind: 'fault' });
  history.record({ at: atEpoch + to, actor: what, kind: 'repaired' });
}
