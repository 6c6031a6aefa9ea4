import type { Cell } from '../cell.js';
import { lockOf, nameOf } from './words.js';

interface Seen {
  readonly experiment: string;
  readonly driver: string;
  readonly fence: boolean;
  /** Where the experiment has several cells with that lock. */
  readonly variant?: string;
}

/** What this project claims about locks, the cell that shows it, and the cell that shows the repair. */
export interface Claim {
  readonly claim: string;
  readonly seen: Seen;
  readonly repair: Seen;
}

const seenIn = (experiment: string, driver: string, fence = false, variant?: string): Seen => ({
  experiment,
  driver,
  fence,
  variant,
});

export const CLAIMS: readonly Claim[] = [
  {
    claim: 'Without a lock the shop sells what it does not have',
    seen: seenIn('worker-crash', 'none'),
    repair: seenIn('worker-crash', 'redis', true),
  },
  {
    claim: 'Without a lock, acknowledged edits of one document are lost',
    seen: seenIn('document-edit', 'none'),
    repair: seenIn('document-edit', 'redis'),
  },
  {
    claim: 'Whoever takes a row that is skipped for one that is sold leaves units unsold',
    seen: seenIn('database-strategies', 'skip-locked', false, 'skipped counts as sold'),
    repair: seenIn('database-strategies', 'skip-locked', false, 'taker killed'),
  },
  {
    claim: 'A crashed holder blocks everybody for the rest of its TTL',
    seen: seenIn('crashed-holder', 'redis-setnx'),
    repair: seenIn('crashed-holder', 'redis', true),
  },
  {
    claim: 'A failover of Redis grants a lock twice',
    seen: seenIn('redis-failover', 'redis-setnx'),
    repair: seenIn('redis-failover', 'redis', true),
  },
  {
    claim: 'Consensus stores do not, under the same fault',
    seen: seenIn('redis-failover', 'redis'),
    repair: seenIn('redis-failover', 'etcd'),
  },
  {
    claim: 'A failover of Redis loses accepted orders',
    seen: seenIn('redis-failover-orders', 'redis', true, 'killed'),
    repair: seenIn('redis-failover-orders', 'redis', true, 'killed, WAIT 1'),
  },
  {
    claim: 'A primary of Redis that was away takes orders that vanish',
    seen: seenIn('redis-failover-orders', 'redis', true, 'partitioned'),
    repair: seenIn('redis-failover-orders', 'redis', true, 'partitioned, WAIT 1'),
  },
  {
    claim: 'A crash between two steps leaks units of a counter in Redis',
    seen: seenIn('redis-counter', 'redis-counter-two-steps', false, 'crash'),
    repair: seenIn('redis-counter', 'redis-counter', false, 'crash'),
  },
  {
    claim: 'A failover of Redis gives units back to its counter that were sold',
    seen: seenIn('redis-counter', 'redis-counter-two-steps', false, 'failover'),
    repair: seenIn('redis-counter', 'redis-counter', false, 'failover'),
  },
  {
    claim: 'A failover of Postgres sells units again that buyers were told are theirs',
    seen: seenIn('postgres-failover', 'redis', true, 'killed, asynchronous'),
    repair: seenIn('postgres-failover', 'redis', true, 'killed, synchronous'),
  },
  {
    claim: 'A MySQL key is locked for ever when its holder crashes',
    seen: seenIn('crashed-holder', 'mysql-key'),
    repair: seenIn('crashed-holder', 'mysql-key-lease', true),
  },
  {
    claim: 'Sessions that insert the same MySQL key in transactions deadlock when its owner goes',
    seen: seenIn('mysql-deadlock', 'insert-in-transaction'),
    repair: seenIn('mysql-deadlock', 'insert-retried'),
  },
];

/** Whether it is seen in this cell, run or planned. */
export const isIn =
  ({ experiment, driver, fence, variant }: Seen) =>
  (cell: Pick<Cell, 'experiment' | 'driver' | 'fence' | 'variant'>): boolean =>
    cell.experiment === experiment &&
    cell.driver === driver &&
    cell.fence === fence &&
    (variant === undefined || cell.variant === variant);

export interface ClaimRow {
  readonly claim: string;
  readonly seen: string;
  readonly repair: string;
}

/** The claims with what the run saw of them; those whose cells were not run are left out. */
export function claimsIn(cells: readonly Cell[], linkTo: (experiment: string) => string): ClaimRow[] {
  const told = (seen: Seen) => {
    const found = cells.find(isIn(seen));
    if (!found) return undefined;
    const name = seen.variant === undefined ? lockOf(found) : nameOf(found);
    return `${linkTo(seen.experiment)}, ${name}: ${found.evidence.account}`;
  };
  return CLAIMS.flatMap(({ claim, seen, repair }) => {
    const row = { claim, seen: told(seen), repair: told(repair) };
    return row.seen && row.repair ? [row as ClaimRow] : [];
  });
}
