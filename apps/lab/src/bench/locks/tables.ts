import type { Benchmark } from '../summary.js';
import type { Figures } from './figures.js';
import { contendedName, DEAD_TIME, SECTIONS_MS, UNCONTENDED } from './locks-bench.js';
import { CALLERS, DEAD_TIME_TTL, NEVER_AFTER, PROCESSES } from './measures.js';
import { figure, table } from './table.js';

type Metric = keyof Figures | 'ratioToRoundTrips' | 'lockMs' | 'bareMs' | 'ms';

/** The figures as a person wants to read them: medians of the rounds, with their range where it matters most. */
export function tablesOf(benchmarks: readonly Benchmark[]): string {
  const of = (name: string) => {
    const ofThis = benchmarks.filter((benchmark) => benchmark.name === name);
    const find = (contender: string, metric: Metric) =>
      ofThis.find((benchmark) => benchmark.contender === contender && benchmark.metric === metric)!;
    return {
      contenders: [...new Set(ofThis.map(({ contender }) => contender))],
      median: (contender: string, metric: Metric) => figure(find(contender, metric).median),
      max: (contender: string, metric: Metric) => String(find(contender, metric).max),
      range: (contender: string, metric: Metric) => {
        const { median, min, max } = find(contender, metric);
        return min === max ? figure(median) : `${figure(median)} (${figure(min)}-${figure(max)})`;
      },
    };
  };

  const contention = SECTIONS_MS.map((sectionMs) => {
    const { contenders, median, max, range } = of(contendedName(sectionMs));
    return table(
      `One key, ${PROCESSES} processes x ${CALLERS} callers, sections of ${sectionMs} ms`,
      [
        'lock',
        'hand-offs/s',
        'grants/s',
        'wait p50/p99/max ms',
        'Jain',
        'starved',
        'Redis cmds/grant',
        'overlaps',
      ],
      contenders.map((name) => [
        name,
        range(name, 'handOffsPerSecond'),
        median(name, 'acquisitionsPerSecond'),
        (['waitP50Ms', 'waitP99Ms', 'waitMaxMs'] as const).map((wait) => median(name, wait)).join(' / '),
        median(name, 'jain'),
        max(name, 'starved'),
        median(name, 'redisCommandsPerAcquisition'),
        max(name, 'overlaps'),
      ]),
    );
  });
  const alone = of(UNCONTENDED);
  const dead = of(DEAD_TIME);
  return [
    ...contention,
    table(
      'Nobody contends: acquire + release, beside two bare round trips to the same store',
      ['lock', 'x two round trips', 'acquire + release ms', 'two round trips ms'],
      alone.contenders.map((name) => [
        name,
        alone.range(name, 'ratioToRoundTrips'),
        alone.median(name, 'lockMs'),
        alone.median(name, 'bareMs'),
      ]),
    ),
    table(
      `From the SIGKILL of a holder, one second into a TTL of ${DEAD_TIME_TTL / 1_000} s, to the next grant (never: none within ${NEVER_AFTER / 1_000} s)`,
      ['lock', 'dead time ms'],
      dead.contenders.map((name) => [name, dead.range(name, 'ms')]),
    ),
    '',
  ].join('\n');
}
