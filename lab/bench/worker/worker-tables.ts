import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';
import { LOADS, nameOf, WAYS_TO_SETTLE, type Load } from './ways-to-settle.js';

export const PROCESSES = 4;
export const ORDERS_PER_SECOND = 'ordersPerSecond';
export const ORDERS_PER_COMMIT = 'ordersPerCommit';
export const HAND_OVER_MS = 'handOverMs';

const PARTS = ['worker', 'redis', 'postgres'];

export const benchmarkOf = (load: Load) => `worker, ${load}`;

/** What a contender with this batch size is held against; in its own load, where it is in the race. */
const REFERENCES: readonly (readonly [title: string, contender: (batchSize: number) => string])[] = [
  ['x redlock', () => nameOf('@sesamecare-oss/redlock', 1)],
  ['x conditional UPDATE per order', () => nameOf('conditional-update', 1)],
  ['x conditional UPDATE, same batch', (batchSize) => nameOf('conditional-update', batchSize)],
  ['x lock-off, same batch', (batchSize) => nameOf('lock-off', batchSize)],
  ['x bare loop, same batch', (batchSize) => nameOf('bare-loop', batchSize)],
];

/** A table per load that was measured, with the references that were in the race. */
export function workerTables(benchmarks: readonly Benchmark[]): Table[] {
  const loads = Object.entries(LOADS) as [Load, number][];
  const tables = loads.map(([load, inFlight]): Table => {
    const { contenders, range, median, ratio } = cellsOf(benchmarks, benchmarkOf(load));
    const batchSizeOf = (name: string) =>
      WAYS_TO_SETTLE.find((contender) => contender.load === load && contender.name === name)!.batchSize;
    const references = REFERENCES.filter(([, other]) =>
      contenders.some((name) => contenders.includes(other(batchSizeOf(name)))),
    );
    return {
      name: benchmarkOf(load),
      title: `One hot SKU, ${load}: ${PROCESSES} processes x ${inFlight} orders in hand`,
      head: [
        'contender',
        'orders/s',
        'orders/commit',
        ...references.map(([title]) => title),
        'µs/order: processes / Redis / Postgres',
        'µs/order x lock-off',
        'hand-over ms',
      ],
      rows: contenders.map((name) =>
        [name, range(name, ORDERS_PER_SECOND), median(name, ORDERS_PER_COMMIT)].concat(
          references.map(([, other]) => ratio(name, ORDERS_PER_SECOND, other(batchSizeOf(name)))),
          PARTS.map((part) => median(name, `${part}Micros`)).join(' / '),
          ratio(name, 'totalMicros', nameOf('lock-off', batchSizeOf(name))),
          median(name, HAND_OVER_MS),
        ),
      ),
    };
  });
  return tables.filter(({ rows }) => rows.length > 0);
}
