import type { Audit } from '@app/inventory';
import type { History, HistoryEvent, Hold } from './history.js';

/** A stock movement as the database has it. */
export interface Movement {
  readonly before: number;
  readonly after: number;
  readonly token: bigint | null;
  readonly holder: string | null;
}

/** How many held the resource at the same moment at most, by the word of the lock. */
export function holdersAtOnce(holds: readonly Hold[]): number {
  return Math.max(
    0,
    ...holds.map(({ from }) => holds.filter((other) => other.from <= from && from < other.to).length),
  );
}

/**
 * Whether somebody else was granted the lock within the lease of the one who had it first: before that one was done, was told
 * that it lost it, or could know by its own clock (a lease lasts `ttl` milliseconds unless it is extended).
 */
export function isGrantedTwice(history: History, ttl: number): boolean {
  const [first, ...others] = history.holds();
  if (!first) return false;
  const lost = history.find(first.actor, 'lost');
  const until = Math.min(first.to, lost?.at ?? Infinity, first.from + ttl);
  return others.some(({ actor, from }) => actor !== first.actor && from < until);
}

/** Grants, in milliseconds of the history's clock: after `from`, before `to`. */
export const grantsBetween = ({ events }: History, from: number, to: number): HistoryEvent[] =>
  events.filter(({ kind, at }) => kind === 'granted' && at > from && at < to);

/** The longest time without a grant, in milliseconds. */
export function longestPause(history: History, from: number, to: number): number {
  const moments = [from, ...grantsBetween(history, from, to).map(({ at }) => at), to];
  return Math.max(...moments.slice(1).map((at, i) => at - moments[i]!));
}

/** Grants, in the order of time, whose token is not above that of the grant before. Holds without a token do not count. */
export function tokensNotGrowing(holds: readonly Hold[]): number {
  const tokens = holds.flatMap(({ token }) => (token === undefined ? [] : [BigInt(token)]));
  return tokens.filter((token, i) => i > 0 && token <= tokens[i - 1]!).length;
}

/**
 * Writes that were accepted from a lease that had been overtaken: the ledger's tokens must never go back, and one token
 * must never be two holders'.
 */
export function staleWrites(movements: readonly Movement[]): number {
  let newest: Movement | undefined;
  let stale = 0;
  for (const movement of movements) {
    if (movement.token === null) continue;
    const overtaken = newest && movement.token < newest.token!;
    const shared = newest && movement.token === newest.token && movement.holder !== newest.holder;
    if (overtaken || shared) stale++;
    else newest = movement;
  }
  return stale;
}

/** What an audit and the ledger say was harmed, in words. */
export function harmsOf(
  { oversold, lostUpdates, conserved }: Pick<Audit['total'], 'oversold' | 'lostUpdates' | 'conserved'>,
  movements: readonly Movement[],
): string[] {
  const stale = staleWrites(movements);
  return [
    ...(oversold > 0 ? [`oversold by ${oversold}`] : []),
    ...(lostUpdates > 0 ? [`${lostUpdates} lost update${lostUpdates > 1 ? 's' : ''}`] : []),
    ...(stale > 0 ? [`${stale} write${stale > 1 ? 's' : ''} by a lease that had been overtaken`] : []),
    ...(conserved || oversold > 0 ? [] : ['available and live units do not make up the stock']),
  ];
}
