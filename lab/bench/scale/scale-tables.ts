import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';

export const WORKERS = 'scale, workers';
export const SKUS = 'scale, SKUs';
export const BACKLOG = 'scale, backlog';

const TITLES: Record<string, string> = {
  [WORKERS]: 'A backlog of one hot SKU, drained by',
  [SKUS]: 'The same backlog, drained by 4 workers, spread over',
  [BACKLOG]: 'One hot SKU, 4 workers, a backlog of',
};

/** Each against the smallest of its kind. */
export function scaleTables(benchmarks: readonly Benchmark[]): Table[] {
  return Object.entries(TITLES).map(([name, title]) => {
    const { contenders, range, median, ratio } = cellsOf(benchmarks, name);
    return {
      name,
      title,
      head: [
        '',
        'orders/s',
        'ms per order',
        'x the first',
        'Redis bytes/queued order',
        'Redis µs/order',
        'worker µs/order',
        'Postgres µs/order',
        'RSS of an API, MiB',
        'RSS of a worker, MiB',
      ],
      rows: contenders.map((contender) => [
        contender,
        range(contender, 'ordersPerSecond'),
        median(contender, 'msPerOrder'),
        ratio(contender, 'msPerOrder', contenders[0]),
        median(contender, 'redisBytesPerOrder'),
        median(contender, 'redisMicrosPerOrder'),
        median(contender, 'workerMicrosPerOrder'),
        median(contender, 'postgresMicrosPerOrder'),
        median(contender, 'apiRssMiB'),
        median(contender, 'workerRssMiB'),
      ]),
    };
  });
}
