import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';

export const CAPACITY = 'http, closed loop';
const PROCESSES = ['api', 'worker', 'redis', 'postgres'];
export const STEADY = 'http, at 70 % of the capacity';

export function httpTables(benchmarks: readonly Benchmark[]): Table[] {
  const capacity = cellsOf(benchmarks, CAPACITY);
  const steady = cellsOf(benchmarks, STEADY);
  const percentiles = (cells: typeof steady, name: string, metric: string) =>
    ['P50', 'P95', 'P99'].map((p) => cells.median(name, `${metric}${p}Ms`)).join(' / ');
  return [
    {
      name: CAPACITY,
      title: 'HTTP to the terminal order: as much as 50 virtual users get through, each waiting for its 202',
      head: [
        'worker',
        'accepted/s',
        'terminal/s',
        'x lock-off',
        'x doing nothing',
        'accept p50/p95/p99 ms',
        'terminal p50/p95/p99 ms',
        'ms after the load',
        'µs/order: API / worker / Redis / Postgres',
        'µs/order x lock-off',
      ],
      rows: capacity.contenders.map((name) => [
        name,
        capacity.range(name, 'acceptedPerSecond'),
        capacity.range(name, 'settledPerSecond'),
        capacity.ratio(name, 'settledPerSecond', 'lock-off'),
        capacity.ratio(name, 'settledPerSecond', 'do-nothing worker'),
        percentiles(capacity, name, 'accept'),
        percentiles(capacity, name, 'terminal'),
        capacity.range(name, 'drainMs'),
        PROCESSES.map((each) => capacity.median(name, `${each}Micros`)).join(' / '),
        capacity.ratio(name, 'totalMicros', 'lock-off'),
      ]),
    },
    {
      name: STEADY,
      title: 'HTTP to the terminal order: at a constant arrival rate of 70 % of the capacity that each had',
      head: [
        'worker',
        'arrivals/s',
        'accept p50/p95/p99 ms',
        'terminal p50/p95/p99 ms',
        'worst p99 ms',
        'dropped',
      ],
      rows: steady.contenders.map((name) => [
        name,
        steady.median(name, 'acceptedPerSecond'),
        percentiles(steady, name, 'accept'),
        percentiles(steady, name, 'terminal'),
        steady.max(name, 'terminalP99Ms'),
        steady.max(name, 'droppedIterations'),
      ]),
    },
  ];
}
