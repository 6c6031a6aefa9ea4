import { SERVER_NAMES, type ServerName } from '../../local/services/services.js';
import { COMPARED_LOCKS, isMeant } from './locks/compared-locks.js';
import { locksOf, type BenchOptions } from './options.js';
import { isMeant as isInRace, serverOf, WAYS_TO_SETTLE } from './worker/ways-to-settle.js';

/** The servers that the chosen benchmarks and contenders need. Postgres and Redis every benchmark has. */
export function serversFor(options: BenchOptions): ServerName[] {
  const needed = new Set<ServerName | undefined>(['postgres', 'redis']);
  if (options.benchmarks.includes('worker')) {
    const named = WAYS_TO_SETTLE.filter((way) => options.only.length > 0 && isInRace(way, options));
    for (const contender of named) needed.add(serverOf(contender));
  }
  if (options.benchmarks.includes('locks')) {
    const only = locksOf(options);
    for (const { backend } of COMPARED_LOCKS.filter((lock) => isMeant(lock, only))) needed.add(backend);
  }
  return SERVER_NAMES.filter((name) => needed.has(name));
}
