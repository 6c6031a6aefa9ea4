import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';
import { CONTENDERS, LOADS, nameOf, type Load } from './contenders.js';

export const PROCESSES = 4;
export const ORDERS_PER_SECOND = 'ordersPerSecond';
export const ORDERS_PER_COMMIT = 'ordersPerCommit';

export const benchmarkOf = (load: Load) => `worker, ${load}`;

/** What a contender with this batch size is held against; in its own load, where it is in the race. */
const REFERENCES: readonly (readonly [title: string, contender: (batchSize: number) => string])[] = [
  ['x redlock', () => nameOf('@sesamecare-oss/redlock', 1)],
  ['x conditional UPDATE', () => nameOf('conditional-update', 1)],
  ['x lock-off, same batch', (batchSize) => nameOf('lock-off', batchSize)],
  ['x bare loop, same batch', (batchSize) => nameOf('bare-loop', batchSize)],
];

/** A table per load that was measured. */
export function tablesOf(benchmarks: readonly Benchmark[]): Table[] {
  const loads = Object.entries(LOADS) as [Load, number][];
  const tables = loads.map(([load, inFlight]): Table => {
    const { contenders, range, median, ratio } = cellsOf(benchmarks, benchmarkOf(load));
    const batchSizeOf = (name: string) =>
      CONTENDERS.find((contender) => contender.load === load && contender.name === name)!.batchSize;
    return {
      title: `One hot SKU, ${load}: ${PROCESSES} processes x ${inFlight} orders in hand`,
      head: ['contender', 'orders/s', 'orders/commit', ...REFERENCES.map(([title]) => title)],
      rows: contenders.map((name) =>
        [name, range(name, ORDERS_PER_SECOND), median(name, ORDERS_PER_COMMIT)].concat(
          REFERENCES.map(([, other]) => ratio(name, ORDERS_PER_SECOND, other(batchSizeOf(name)))),
        ),
      ),
    };
  });
  return tables.filter(({ rows }) => rows.length > 0);
}
