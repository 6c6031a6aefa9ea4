import { SERVER_NAMES, type ServerName } from '../../local/services/services.js';
import { CONTENDERS as LOCKS, isMeant } from './locks/contenders.js';
import { locksOf, type BenchOptions } from './options.js';
import { CONTENDERS as WAYS, serverOf, wayOf } from './worker/contenders.js';

/** The servers that the chosen benchmarks and contenders need. Postgres and Redis every benchmark has. */
export function serversFor(options: BenchOptions): ServerName[] {
  const needed = new Set<ServerName | undefined>(['postgres', 'redis']);
  if (options.benchmarks.includes('worker')) {
    for (const contender of WAYS.filter((way) => options.only.includes(wayOf(way))))
      needed.add(serverOf(contender));
  }
  if (options.benchmarks.includes('locks')) {
    const only = locksOf(options);
    for (const { backend } of LOCKS.filter((lock) => isMeant(lock, only))) needed.add(backend);
  }
  return SERVER_NAMES.filter((name) => needed.has(name));
}
