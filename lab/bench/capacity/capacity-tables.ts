import { cellsOf, figure, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';
import { coresAt, costsOf, PARTS, RARE, STAMPEDE, wallsOf, type Measured } from './model.js';

const COSTS = 'capacity, costs';
const CORES = 'capacity, cores';
const WALLS = 'capacity, walls';
export const CHECK = 'capacity, check';

const RATES = [1_000, 10_000, 100_000];

const TITLES: Record<(typeof PARTS)[number], string> = {
  api: 'API',
  worker: 'worker',
  redis: 'Redis (one thread)',
  postgres: 'Postgres',
};
/** What moves a wall. */
const REMEDIES: Record<string, string> = {
  'one SKU: its lock': 'stripes of the SKU',
  'one sale: the thread of its Redis': 'several sales on a cluster; within one sale nothing',
  'one disk: flushes one after the other': 'SKUs share flushes by themselves; a faster disk',
  'one Postgres: connections': 'PgBouncer',
};

/** What was measured, and what follows from it. */
export function costTables(measured: Measured): Table[] {
  const { order, rareOrder, refusal } = measured;
  const stampede = costsOf(measured, STAMPEDE);
  const full = RATES.at(-1)!;
  return [
    {
      name: COSTS,
      title: `Processor time in µs, and orders a second that one core carries, with ${STAMPEDE.refusals} refusals for each order or none`,
      head: [
        'part',
        'an order',
        `one among ${RARE.refusals} refusals`,
        'a refusal',
        'orders/s per core',
        `with ${STAMPEDE.refusals} refusals each`,
      ],
      rows: PARTS.map((part) => [
        TITLES[part],
        figure(order[part]),
        figure(rareOrder[part]),
        figure(refusal[part]),
        figure(1e6 / order[part], 0),
        figure(1e6 / stampede[part], 0),
      ]),
    },
    {
      name: CORES,
      title: `Cores that are busy at so many orders a second, each with ${STAMPEDE.refusals} refusals`,
      head: ['part', ...RATES.map((rate) => rate.toLocaleString('en'))],
      rows: PARTS.map((part) =>
        [TITLES[part]].concat(RATES.map((rate) => figure(coresAt(measured, STAMPEDE, rate)[part]))),
      ),
    },
    {
      name: WALLS,
      title: 'What stands in the way whatever the number of cores, the lowest wall first',
      head: ['wall', 'orders/s', `of them at ${full.toLocaleString('en')}/s`, 'what moves it'],
      rows: wallsOf(measured, STAMPEDE).map(({ what, ordersPerSecond }) => [
        what,
        figure(ordersPerSecond, 0),
        String(Math.ceil(full / ordersPerSecond)),
        REMEDIES[what]!,
      ]),
    },
  ];
}

export function checkTable(benchmarks: readonly Benchmark[]): Table {
  const { contenders, median, range } = cellsOf(benchmarks, CHECK);
  return {
    name: CHECK,
    title:
      'Orders a second on this machine, all parts and who sends on the same cores: predicted and carried',
    head: ['', 'predicted', 'carried', 'carried / predicted', 'cores busy'],
    rows: contenders.map((place) => [
      place,
      median(place, 'predicted'),
      range(place, 'carried'),
      range(place, 'ratio'),
      median(place, 'coresBusy'),
    ]),
  };
}
