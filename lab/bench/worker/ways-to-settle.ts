import { STRATEGY_NAMES, strategyOf, type SaleRules, type StrategyName } from '@app/inventory';
import { backendOf } from '@app/lock';
import type { OrderRequest } from '@app/orders';
import type { Backend } from '../../servers.js';

/** What is compared with the strategies: two libraries around the very same transaction, and the limit. */
const PEERS = ['@sesamecare-oss/redlock', 'redis-semaphore', 'bare-loop'] as const;
export type Peer = (typeof PEERS)[number];

/** Orders that each of the processes has in hand. `scarce`: a stampede, and stocks of other sizes. */
export const LOADS = { stampede: 16, deep: 256, calm: 2, scarce: 16 } as const;
export type Load = keyof typeof LOADS;
export const LOAD_NAMES = Object.keys(LOADS) as readonly Load[];

/** One way to settle orders, as the worker benchmark compares them. */
export interface WayToSettle {
  readonly name: string;
  readonly load: Load;
  /** Of its sale; a peer's own way takes the place of the strategy. */
  readonly rules: SaleRules;
  readonly peer?: Peer;
  readonly batchSize: number;
  /** Units of the hot SKU; unless given, as many as are ordered. */
  readonly stock?: number;
  /** Share of the benchmark's orders: the slow ones get fewer, since a rate needs no more. */
  readonly share: number;
}

/** How a contender settles orders, in one process. */
export interface Settler {
  /** Takes orders that are there already, and gives the run that settles them all: that is what is timed. */
  readonly prepare: (orders: readonly OrderRequest[]) => () => Promise<void>;
  /** Resolves once nothing of it is held or open. */
  readonly close: () => Promise<void>;
}

/** Shares that give every run a second or two: of those that settle one order at a time, and of other strategies. */
const SLOW = 0.06;
const MIDDLING = 0.25;

export const nameOf = (way: string, batchSize: number) =>
  batchSize === 1 ? `${way} per order` : `${way}, batch ${batchSize}`;

export const strategy = (load: Load, name: StrategyName, batchSize: number, share = 1): WayToSettle => ({
  name: nameOf(name === 'none' ? 'lock-off' : name, batchSize),
  load,
  rules: { strategy: name, stripes: 1, perBuyerLimit: null },
  batchSize,
  share,
});
const striped = (stripes: number, contender: WayToSettle): WayToSettle => ({
  ...contender,
  name: `${contender.name}, ${stripes} stripes`,
  rules: { ...contender.rules, stripes },
});
const scarce = (name: StrategyName, batchSize: number, stock: number): WayToSettle => {
  const contender = strategy('scarce', name, batchSize, batchSize === 1 ? SLOW : MIDDLING);
  return { ...contender, name: `${contender.name}, ${stock.toLocaleString('en')} units`, stock };
};
const peer = (load: Load, name: Peer, batchSize: number, share = 1): WayToSettle => ({
  ...strategy(load, 'none', batchSize, share),
  name: nameOf(name, batchSize),
  peer: name,
});

/** With the lock and without. */
const BOTH: readonly StrategyName[] = ['redis', 'none'];
/** And the database alone: what every lock has to justify itself against, with batches as large as theirs. */
const FIRST: readonly StrategyName[] = [...BOTH, 'conditional-update'];
const OTHERS = STRATEGY_NAMES.filter((name) => !FIRST.includes(name));

export const WAYS_TO_SETTLE: readonly WayToSettle[] = [
  ...FIRST.map((name) => strategy('stampede', name, 64)),
  peer('stampede', 'bare-loop', 64),
  ...OTHERS.map((name) => strategy('stampede', name, 64, MIDDLING)),
  ...FIRST.map((name) => strategy('stampede', name, 1, SLOW)),
  striped(8, strategy('stampede', 'redis', 1, SLOW)),
  peer('stampede', '@sesamecare-oss/redlock', 1, SLOW / 2),
  peer('stampede', 'redis-semaphore', 1, SLOW / 2),
  ...[16, 64, 256].flatMap((batchSize) => {
    const share = Math.sqrt(batchSize) / 4;
    return [
      strategy('deep', 'redis', batchSize, share),
      strategy('deep', 'none', batchSize, share),
      peer('deep', 'bare-loop', batchSize, share),
    ];
  }),
  ...BOTH.map((name) => strategy('calm', name, 64, 3 * SLOW)),
  strategy('calm', 'conditional-update', 1, 3 * SLOW),
  peer('calm', 'bare-loop', 64, 3 * SLOW),
  ...(['skip-locked', 'conditional-update'] as const).flatMap((name) =>
    [1, 16].flatMap((batchSize) => [10, 1_000, 100_000].map((stock) => scarce(name, batchSize, stock))),
  ),
];

/** What `--only` calls it. */
const wayOf = ({ peer: library, rules }: WayToSettle): string => library ?? rules.strategy;
export const WAY_NAMES = [...new Set(WAYS_TO_SETTLE.map(wayOf))];

/** Whether `--only` and `--loads` leave it in the race; an empty list leaves all. */
export const isMeant = (
  way: WayToSettle,
  { only, loads }: { only: readonly string[]; loads: readonly Load[] },
) => (only.length === 0 || only.includes(wayOf(way))) && (loads.length === 0 || loads.includes(way.load));

/** Whether the contender has to keep the promises of a sale. */
export const isSafe = ({ peer: library, rules }: WayToSettle) =>
  library !== undefined || strategyOf(rules.strategy).safe;

/** The server that a contender needs beyond Postgres, if it needs one. */
export function serverOf({ peer: library, rules }: WayToSettle): Backend | undefined {
  if (library !== undefined) return library === 'bare-loop' ? undefined : 'redis';
  const { lock } = strategyOf(rules.strategy);
  return lock && backendOf(lock);
}
