/** The contenders of a round, counted from 1: each round begins with another one, so that no place is always the same contender's. */
export function inTurn<T>(contenders: readonly T[], round: number): T[] {
  const first = (round - 1) % contenders.length;
  return [...contenders.slice(first), ...contenders.slice(0, first)];
}
