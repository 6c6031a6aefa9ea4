import { describe, expect, it } from 'vitest';
import { locksOf } from '../../lab/bench/options.js';
import { parseOptions, usage } from './bench.js';

describe('parseOptions', () => {
  it('runs every benchmark unless some are named, and locks then only for the servers that are there anyway', () => {
    const all = parseOptions([])!;
    expect(all.benchmarks).toEqual([
      'worker',
      'network',
      'requests',
      'http',
      'attack',
      'servers',
      'scale',
      'capacity',
      'locks',
    ]);
    expect(locksOf(all)).toEqual(['redis', 'postgres']);
    expect(locksOf(parseOptions(['locks'])!)).toEqual([]);
    expect(parseOptions(['scale', 'worker'])!.benchmarks).toEqual(['worker', 'scale']);
  });

  it('takes the names that the benchmark knows', () => {
    expect(parseOptions(['worker', '--only', 'redis,redis-semaphore'])!.only).toEqual([
      'redis',
      'redis-semaphore',
    ]);
    expect(parseOptions(['locks', '--only', 'etcd, bare etcd recipe'])!.only).toEqual([
      'etcd',
      'bare etcd recipe',
    ]);
  });

  it('has a history of ten million orders with --full, or as many as are asked for', () => {
    const historyOf = (...args: string[]) => parseOptions(['scale', ...args])!.history;
    expect([historyOf(), historyOf('--full'), historyOf('--full', '--history', '0')]).toEqual([
      0, 10_000_000, 0,
    ]);
  });

  it('shows the usage when asked for help', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
  });

  it.each([
    [
      ['wroker'],
      'There is no benchmark wroker. There are worker, network, requests, http, attack, servers, scale, capacity, locks.',
    ],
    [['worker', '--rounds', '0'], "--rounds must be a whole number from 1 to 100, not '0'."],
    [['http', '--seconds', 'long'], "--seconds must be a whole number from 1 to 3600, not 'long'."],
    [['scale', '--long', '--seconds', '60'], "--seconds must be a whole number from 180 to 3600, not '60'."],
    [['worker', '--long'], '--long is an option of scale: name the benchmark.'],
    [['--only', 'redis'], '--only is an option of worker and locks: name the benchmark.'],
    [['worker', 'locks', '--only', 'redis'], '--only goes with one benchmark, worker or locks.'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it('lists what there is when a name or an option is unknown', () => {
    expect(() => parseOptions(['worker', '--only', 'rediss'])).toThrow(/unknown 'rediss'.*redis/);
    expect(() => parseOptions(['--faster'])).toThrow(usage);
  });
});
