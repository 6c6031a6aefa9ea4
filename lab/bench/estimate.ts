import { CONTENDERS as HTTP, OVERLOAD_SHARE, STEADY_SHARE } from './http/contenders.js';
import { CONTENDERS as LOCKS, isMeant } from './locks/contenders.js';
import { locksOf, type BenchmarkName, type BenchOptions } from './options.js';
import { CONTENDERS as WAYS, serverOf, wayOf } from './worker/contenders.js';

/** Seconds, as two cores were seen to need them; the start of processes is most of what is not load. */
const SECONDS: Record<BenchmarkName, (options: BenchOptions) => number> = {
  worker: ({ only, rounds, orders }) => {
    const chosen = WAYS.filter((way) => (only.length > 0 ? only.includes(wayOf(way)) : isAlwaysThere(way)));
    return chosen.length * rounds * (1 + orders / 20_000);
  },
  http: ({ rounds, seconds }) =>
    60 +
    seconds.http * (1 + OVERLOAD_SHARE) +
    HTTP.length * rounds * (seconds.http * (1 + STEADY_SHARE) + 19),
  scale: ({ rounds, seconds, long, full }) => (long ? seconds.long + 30 : rounds * (full ? 120 : 60)),
  locks: (options) => {
    const only = locksOf(options);
    const chosen = LOCKS.filter((lock) => isMeant(lock, only));
    return options.rounds * (20 + chosen.length * (2 * (options.seconds.locks + 3.5) + 3));
  },
};

const isAlwaysThere = (way: (typeof WAYS)[number]) =>
  [undefined, 'redis', 'postgres'].includes(serverOf(way));

/** About how long it takes, in minutes. */
export const minutesFor = (options: BenchOptions) =>
  Math.ceil(options.benchmarks.reduce((sum, name) => sum + SECONDS[name](options), 0) / 60);
