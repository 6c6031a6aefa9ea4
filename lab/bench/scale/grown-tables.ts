import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';

export const GROWTH = 'scale, growth';
export const LOOKS = 'scale, looks';
export const EXPIRY = 'scale, expiry';
export const RETIREMENT = 'scale, retirement';
export const EMPTY = 'empty';
export const GROWN = 'grown';

/** Settling may cost so many times as much processor time as in an empty database. */
const MOST_TIMES = 1.1;
const MOST_AUDIT_MS = 100;
const MOST_START_MS = 3_000;
/** Of memory: what is small flutters. */
const MOST_MORE_MIB = 64;

/** What an order costs Postgres and the workers, and whatever else may not grow. A sentence for each that has. */
export function brokenBounds(benchmarks: readonly Benchmark[]): string[] {
  const of = (name: string, contender: string, metric: string) =>
    benchmarks.find((each) => each.name === name && each.contender === contender && each.metric === metric)
      ?.median ?? Number.NaN;
  const costOf = (contender: string) =>
    of(GROWTH, contender, 'workerMicrosPerOrder') + of(GROWTH, contender, 'postgresMicrosPerOrder');
  const memory = (metric: string): [string, number, number] => [
    metric,
    of(GROWTH, GROWN, metric),
    of(GROWTH, EMPTY, metric) * MOST_TIMES + MOST_MORE_MIB,
  ];
  const bounds: [what: string, value: number, most: number][] = [
    ['processor time of workers and Postgres for an order, µs', costOf(GROWN), costOf(EMPTY) * MOST_TIMES],
    ['an audit, ms (p99)', of(LOOKS, GROWN, 'auditP99Ms'), MOST_AUDIT_MS],
    ['the start of an API, ms', of(LOOKS, GROWN, 'apiReadyMs'), MOST_START_MS],
    ['the start of a worker, ms', of(LOOKS, GROWN, 'workerReadyMs'), MOST_START_MS],
    memory('apiRssMiB'),
    memory('workerRssMiB'),
  ];
  return bounds
    .filter(([, value, most]) => !(value <= most))
    .map(([what, value, most]) => `${GROWTH}: ${what}: ${Math.round(value)}, more than ${Math.round(most)}`);
}

export function grownTables(benchmarks: readonly Benchmark[]): Table[] {
  const growth = cellsOf(benchmarks, GROWTH);
  const looks = cellsOf(benchmarks, LOOKS);
  const expiry = cellsOf(benchmarks, EXPIRY);
  const retirement = cellsOf(benchmarks, RETIREMENT);
  return [
    {
      name: GROWTH,
      title: 'The same backlog of one hot SKU, drained by 2 workers, in a database that is',
      head: [
        '',
        'orders/s',
        'worker µs/order',
        'Postgres µs/order',
        'RSS of an API, MiB',
        'RSS of a worker, MiB',
      ],
      rows: growth.contenders.map((contender) => [
        contender,
        growth.range(contender, 'ordersPerSecond'),
        growth.median(contender, 'workerMicrosPerOrder'),
        growth.median(contender, 'postgresMicrosPerOrder'),
        growth.median(contender, 'apiRssMiB'),
        growth.median(contender, 'workerRssMiB'),
      ]),
    },
    {
      name: LOOKS,
      title: 'Until a process is ready, and the audit of a sale of 1,000 orders, in a database that is',
      head: ['', 'API ready ms', 'worker ready ms', 'audit p50 ms', 'audit p99 ms'],
      rows: looks.contenders.map((contender) =>
        [contender].concat(
          ['apiReadyMs', 'workerReadyMs', 'auditP50Ms', 'auditP99Ms'].map((metric) =>
            looks.median(contender, metric),
          ),
        ),
      ),
    },
    {
      name: EXPIRY,
      title: 'Reservations of one SKU that nobody pays, ended by 2 workers, in a database that is',
      head: ['', 'reservations', 'due within s', 'ended/s', 'the last is late by s'],
      rows: expiry.contenders.map((contender) =>
        [contender].concat(
          ['reservations', 'dueWithin', 'endedPerSecond', 'lateSeconds'].map((metric) =>
            expiry.median(contender, metric),
          ),
        ),
      ),
    },
    {
      name: RETIREMENT,
      title:
        'From a checkout to its reserved order, one after the other, while 100 sales of 1,000 orders are archived and pruned, and after that',
      head: ['beside', 'p50 ms', 'p99 ms', 'longest ms'],
      rows: retirement.contenders.map((contender) =>
        [contender].concat(['p50Ms', 'p99Ms', 'maxMs'].map((metric) => retirement.median(contender, metric))),
      ),
    },
  ];
}
