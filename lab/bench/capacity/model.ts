import { median } from '../../statistics/quantiles.js';

/** What one order, or one refusal, costs of each part, in microseconds of processor time. */
export interface Costs {
  readonly api: number;
  readonly worker: number;
  /** Of the one thread that runs commands. */
  readonly redis: number;
  readonly postgres: number;
  /** The one process that sends the checkouts. */
  readonly sender: number;
}
/** What a shop is made of; who sends runs elsewhere as a rule. */
export const PARTS = ['api', 'worker', 'redis', 'postgres'] as const;

export const eachPart = (of: (part: keyof Costs) => number): Costs => ({
  api: of('api'),
  worker: of('worker'),
  redis: of('redis'),
  postgres: of('postgres'),
  sender: of('sender'),
});

export const sumOf = (costs: Costs): number =>
  costs.api + costs.worker + costs.redis + costs.postgres + costs.sender;

/** What was measured, one part after the other. */
export interface Measured {
  readonly order: Costs;
  /** An order where so many are refused as in {@link RARE}: it shares its job, its hold of the lock and its commit with few others. */
  readonly rareOrder: Costs;
  readonly refusal: Costs;
  /** The share of its time that a core works while all wait for the cores: what is on one has to wait for another part now and then. */
  readonly busy: number;
  /** From the read of the stock to its commit, per order of a hot SKU whose queue is full: no other batch of the SKU runs meanwhile. */
  readonly sectionMicros: number;
  /** Transactions per order. */
  readonly commits: number;
  /** One commit alone on its connection, with its flush to the disk. */
  readonly commitMicros: number;
  /** Connections that Postgres accepts, and that an API or a worker may open. */
  readonly connections: number;
  readonly connectionsOfApi: number;
  readonly connectionsOfWorker: number;
}

/** What is asked of the shop for each order that is sold. */
export interface Demand {
  readonly refusals: number;
}

/** Where the parts run, and how many there are of each. */
export interface Place extends Demand {
  readonly cores: number;
  readonly apis: number;
  readonly workers: number;
}

/** Something that stands in the way at so many orders a second. */
export interface Wall {
  readonly what: string;
  readonly ordersPerSecond: number;
}

/** Of twenty buyers one gets a unit. */
export const STAMPEDE: Demand = { refusals: 19 };
/** Where the cost of an order that comes with few others is taken from: another mix than any that is predicted. */
export const RARE: Demand = { refusals: 9 };

const SECOND = 1e6;

/** What an order costs together with the refusals that come with it. */
export const costsOf = (
  { order, refusal }: Pick<Measured, 'order' | 'refusal'>,
  { refusals }: Demand,
): Costs => eachPart((part) => order[part] + refusals * refusal[part]);

/** The other way round: what an order costs where all that comes with it costs so much. */
export const orderIn = (together: Costs, refusal: Costs, { refusals }: Demand): Costs =>
  eachPart((part) => together[part] - refusals * refusal[part]);

/** What limits one hot SKU in a place where everything shares the cores, who sends too; the lowest is what it carries. */
export function limitsOf(measured: Measured, place: Place): Wall[] {
  const { order, rareOrder, refusal, busy, sectionMicros } = measured;
  const costs = costsOf({ order: place.refusals > 0 ? rareOrder : order, refusal }, place);
  return [
    { what: `${place.cores} cores`, ordersPerSecond: (place.cores * busy * SECOND) / sumOf(costs) },
    { what: `the event loop of ${place.apis} x API`, ordersPerSecond: (place.apis * SECOND) / costs.api },
    {
      what: `the event loop of ${place.workers} x worker`,
      ordersPerSecond: (place.workers * SECOND) / costs.worker,
    },
    { what: 'the event loop of who sends', ordersPerSecond: SECOND / costs.sender },
    { what: 'the thread of Redis', ordersPerSecond: SECOND / costs.redis },
    { what: "the SKU's lock", ordersPerSecond: SECOND / sectionMicros },
  ];
}

export const lowest = (walls: readonly Wall[]): Wall =>
  walls.reduce((low, wall) => (wall.ordersPerSecond < low.ordersPerSecond ? wall : low));

/** Cores that each part keeps busy at so many orders a second: for the APIs and the workers, also the least number of processes. */
export function coresAt(measured: Measured, demand: Demand, ordersPerSecond: number): Costs {
  const costs = costsOf(measured, demand);
  return eachPart((part) => (costs[part] * ordersPerSecond) / SECOND);
}

/** What more cores do not move. */
export function wallsOf(measured: Measured, demand: Demand): Wall[] {
  const costs = costsOf(measured, demand);
  const { sectionMicros, commits, commitMicros, connections, connectionsOfApi, connectionsOfWorker } =
    measured;
  const connectionsPerOrder = (costs.api * connectionsOfApi + costs.worker * connectionsOfWorker) / SECOND;
  return [
    { what: 'one SKU: its lock', ordersPerSecond: SECOND / sectionMicros },
    { what: 'one sale: the thread of its Redis', ordersPerSecond: SECOND / costs.redis },
    { what: 'one disk: flushes one after the other', ordersPerSecond: SECOND / (commits * commitMicros) },
    { what: 'one Postgres: connections', ordersPerSecond: connections / connectionsPerOrder },
  ].sort((a, b) => a.ordersPerSecond - b.ordersPerSecond);
}

/** Figure by figure. */
export function medianOf(all: readonly Measured[]): Measured {
  const of = (read: (measured: Measured) => number) => median(all.map(read));
  const costs = (kind: 'order' | 'rareOrder' | 'refusal') =>
    eachPart((part) => of((measured) => measured[kind][part]));
  return {
    order: costs('order'),
    rareOrder: costs('rareOrder'),
    refusal: costs('refusal'),
    busy: of(({ busy }) => busy),
    sectionMicros: of(({ sectionMicros }) => sectionMicros),
    commits: of(({ commits }) => commits),
    commitMicros: of(({ commitMicros }) => commitMicros),
    connections: of(({ connections }) => connections),
    connectionsOfApi: of(({ connectionsOfApi }) => connectionsOfApi),
    connectionsOfWorker: of(({ connectionsOfWorker }) => connectionsOfWorker),
  };
}
