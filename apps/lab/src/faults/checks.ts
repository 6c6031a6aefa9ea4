import type { Audit } from '@app/inventory';
import type { Hold } from './history.js';

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
