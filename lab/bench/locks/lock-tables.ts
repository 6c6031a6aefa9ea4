import { cellsOf, type Table } from '../../report/table.js';
import type { Benchmark } from '../../statistics/comparison.js';
import {
  CALLERS,
  contendedName,
  DEAD_TIME,
  DEAD_TIME_TTL,
  NEVER_AFTER,
  PROCESSES,
  SECTIONS_MS,
  UNCONTENDED,
} from './measures.js';

/** The figures as a person wants to read them: medians of the rounds, with their range where it matters most. */
export function lockTables(benchmarks: readonly Benchmark[]): Table[] {
  const contention = SECTIONS_MS.map((sectionMs): Table => {
    const name = contendedName(sectionMs);
    const { contenders, median, max, range } = cellsOf(benchmarks, name);
    return {
      name,
      title: `One key, ${PROCESSES} processes x ${CALLERS} callers, sections of ${sectionMs} ms`,
      head: [
        'lock',
        'hand-offs/s',
        'grants/s',
        'wait p50/p99/max ms',
        'Jain',
        'starved',
        'Redis cmds/grant',
        'overlaps',
      ],
      rows: contenders.map((lock) => [
        lock,
        range(lock, 'handOffsPerSecond'),
        median(lock, 'acquisitionsPerSecond'),
        ['waitP50Ms', 'waitP99Ms', 'waitMaxMs'].map((wait) => median(lock, wait)).join(' / '),
        median(lock, 'jain'),
        max(lock, 'starved'),
        median(lock, 'redisCommandsPerAcquisition'),
        max(lock, 'overlaps'),
      ]),
    };
  });
  const alone = cellsOf(benchmarks, UNCONTENDED);
  const dead = cellsOf(benchmarks, DEAD_TIME);
  return [
    ...contention,
    {
      name: UNCONTENDED,
      title: 'Nobody contends: acquire + release, beside two bare round trips to the same store',
      head: ['lock', 'x two round trips', 'acquire + release ms', 'two round trips ms'],
      rows: alone.contenders.map((name) => [
        name,
        alone.range(name, 'ratioToRoundTrips'),
        alone.median(name, 'lockMs'),
        alone.median(name, 'bareMs'),
      ]),
    },
    {
      name: DEAD_TIME,
      title: `From the SIGKILL of a holder, one second into a TTL of ${DEAD_TIME_TTL / 1_000} s, to the next grant (never: none within ${NEVER_AFTER / 1_000} s)`,
      head: ['lock', 'dead time ms'],
      rows: dead.contenders.map((name) => [name, dead.range(name, 'ms')]),
    },
  ];
}
