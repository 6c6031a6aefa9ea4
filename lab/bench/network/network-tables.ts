import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';
import { nameOf } from '../worker/ways-to-settle.js';
import { ORDERS_PER_SECOND } from '../worker/worker-tables.js';
import { BATCH_SIZES, benchmarkOf, CONTENDERS, STRATEGIES } from './contenders.js';

export const ROUND_TRIP = 'a PING to Redis, ms';
export const ROUND_TRIP_MS = 'roundTripMs';

/** What is left over a network, and what batches gain there. */
export function networkTables(benchmarks: readonly Benchmark[], delays: readonly number[]): Table[] {
  const columns = delays.map((ms) => cellsOf(benchmarks, benchmarkOf(ms)));
  const there = delays.map((ms) => `${ms} ms away`);
  const [batch, alone] = [Math.max(...BATCH_SIZES), Math.min(...BATCH_SIZES)];
  return [
    {
      name: 'network, delay',
      title: 'Orders settled per second where Redis and Postgres are so far away, each way',
      head: ['contender', ...there],
      rows: [
        [ROUND_TRIP].concat(columns.map(({ median }) => median(ROUND_TRIP, ROUND_TRIP_MS))),
        ...CONTENDERS.map(({ name }) =>
          [name].concat(columns.map(({ range }) => range(name, ORDERS_PER_SECOND))),
        ),
      ],
    },
    {
      name: 'network, batches',
      title: `Batches of ${batch} settle so many times as many orders as one by one does`,
      head: ['strategy', ...there],
      rows: STRATEGIES.map((strategy: string) => {
        const [together, oneByOne] = [nameOf(strategy, batch), nameOf(strategy, alone)];
        return [strategy].concat(columns.map(({ ratio }) => ratio(together, ORDERS_PER_SECOND, oneByOne)));
      }),
    },
  ];
}
