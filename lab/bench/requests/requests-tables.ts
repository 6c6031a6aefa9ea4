import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';
import { bareOf, KINDS } from './kinds.js';

export const REQUESTS = 'requests';
export function requestsTable(benchmarks: readonly Benchmark[]): Table {
  const { range, median, ratio } = cellsOf(benchmarks, REQUESTS);
  return {
    name: REQUESTS,
    title:
      'Processor time that a checkout takes, in µs, by what becomes of it: 50 connections, one API, one worker',
    head: ['checkout', 'API', 'x bare', 'Redis', 'worker', 'Postgres', 'answers/s'],
    rows: KINDS.map((kind) => [
      kind.name,
      range(kind.name, 'apiMicros'),
      ratio(kind.name, 'apiMicros', bareOf(kind).name),
      median(kind.name, 'redisMicros'),
      median(kind.name, 'workerMicros'),
      median(kind.name, 'postgresMicros'),
      median(kind.name, 'answersPerSecond'),
    ]),
  };
}
