import { median } from '../../statistics/quantiles.js';

/** What one order, or one refusal, costs of each part, in microseconds of processor time. */
export interface Costs {
  readonly api: number;
  readonly worker: number;
  /** Of the one thread that runs commands. */
  readonly redis: number;
  readonly postgres: number;
}
export const PARTS = ['api', 'worker', 'redis', 'postgres'] as const;

/** What was measured, one part after the other. */
export interface Measured {
  readonly order: Costs;
  /** An order when few come at a time, as in a stampede: it shares its job, its lock and its commit with few others. */
  readonly lone: Costs;
  readonly refusal: Costs;
  /** What the one process that sends them takes, in microseconds for each. */
  readonly sending: Readonly<Record<'order' | 'lone' | 'refusal', number>>;
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

const SECOND = 1e6;

/** What an order costs together with the refusals that come with it. */
export function costsOf({ order, refusal }: Measured, { refusals }: Demand): Costs {
  const of = (part: keyof Costs) => order[part] + refusals * refusal[part];
  return { api: of('api'), worker: of('worker'), redis: of('redis'), postgres: of('postgres') };
}

/** What limits one hot SKU in a place where everything shares the cores, who sends too; the lowest is what it carries. */
export function limitsOf(measured: Measured, place: Place): Wall[] {
  const kind = place.refusals > 0 ? 'lone' : 'order';
  const costs = costsOf({ ...measured, order: measured[kind] }, place);
  const sending = measured.sending[kind] + place.refusals * measured.sending.refusal;
  const all = PARTS.reduce((sum, part) => sum + costs[part], sending);
  return [
    { what: `${place.cores} cores`, ordersPerSecond: (place.cores * SECOND) / all },
    { what: `the event loop of ${place.apis} x API`, ordersPerSecond: (place.apis * SECOND) / costs.api },
    {
      what: `the event loop of ${place.workers} x worker`,
      ordersPerSecond: (place.workers * SECOND) / costs.worker,
    },
    { what: 'the event loop of who sends', ordersPerSecond: SECOND / sending },
    { what: 'the thread of Redis', ordersPerSecond: SECOND / costs.redis },
    { what: "the SKU's lock", ordersPerSecond: SECOND / measured.sectionMicros },
  ];
}

export const lowest = (walls: readonly Wall[]): Wall =>
  walls.reduce((low, wall) => (wall.ordersPerSecond < low.ordersPerSecond ? wall : low));

/** Cores that each part keeps busy at so many orders a second: for the APIs and the workers, also the least number of processes. */
export function coresAt(measured: Measured, demand: Demand, ordersPerSecond: number): Costs {
  const costs = costsOf(measured, demand);
  const cores = (part: keyof Costs) => (costs[part] * ordersPerSecond) / SECOND;
  return { api: cores('api'), worker: cores('worker'), redis: cores('redis'), postgres: cores('postgres') };
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
  const costs = (read: (measured: Measured) => Costs): Costs => ({
    api: of((measured) => read(measured).api),
    worker: of((measured) => read(measured).worker),
    redis: of((measured) => read(measured).redis),
    postgres: of((measured) => read(measured).postgres),
  });
  return {
    order: costs(({ order }) => order),
    lone: costs(({ lone }) => lone),
    refusal: costs(({ refusal }) => refusal),
    sending: {
      order: of(({ sending }) => sending.order),
      lone: of(({ sending }) => sending.lone),
      refusal: of(({ sending }) => sending.refusal),
    },
    sectionMicros: of(({ sectionMicros }) => sectionMicros),
    commits: of(({ commits }) => commits),
    commitMicros: of(({ commitMicros }) => commitMicros),
    connections: of(({ connections }) => connections),
    connectionsOfApi: of(({ connectionsOfApi }) => connectionsOfApi),
    connectionsOfWorker: of(({ connectionsOfWorker }) => connectionsOfWorker),
  };
}
