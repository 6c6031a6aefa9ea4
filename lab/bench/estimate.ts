import { COMPARED_WORKERS, OVERLOAD_SHARE, STEADY_SHARE } from './http/compared-workers.js';
import { COMPARED_LOCKS, isMeant } from './locks/compared-locks.js';
import { CONTENDERS, DELAYS_MS } from './network/contenders.js';
import { locksOf, type BenchmarkName, type BenchOptions } from './options.js';
import { SERVERS } from './servers/servers-bench.js';
import { isMeant as isInRace, serverOf, WAYS_TO_SETTLE } from './worker/ways-to-settle.js';

/** Seconds, as two cores were seen to need them; the start of processes is most of what is not load. */
const SECONDS: Record<BenchmarkName, (options: BenchOptions) => number> = {
  worker: ({ only, loads, rounds, orders }) => {
    const chosen = WAYS_TO_SETTLE.filter(
      (way) => isInRace(way, { only, loads }) && (only.length > 0 || isAlwaysThere(way)),
    );
    return chosen.length * rounds * (1 + orders / 20_000);
  },
  network: ({ rounds, seconds }) =>
    DELAYS_MS.length * CONTENDERS.length * (rounds * (seconds.network + 2) + 1),
  requests: ({ rounds }) => 15 + (1 + rounds) * 28,
  http: ({ rounds, seconds }) =>
    60 +
    seconds.http * (1 + OVERLOAD_SHARE) +
    COMPARED_WORKERS.length * rounds * (seconds.http * (1 + STEADY_SHARE) + 19),
  attack: ({ seconds }) => 100 + 2 * seconds.attack,
  servers: ({ rounds, seconds }) => SERVERS.length * rounds * (seconds.servers + 25),
  capacity: ({ rounds }) => 15 + rounds * 110,
  scale: ({ rounds, seconds, long, full, history }) =>
    long
      ? seconds.long + 30
      : rounds * (full ? 120 : 60) + (history > 0 ? 180 + rounds * 60 + history / 12_000 : 0),
  locks: (options) => {
    const only = locksOf(options);
    const chosen = COMPARED_LOCKS.filter((lock) => isMeant(lock, only));
    return options.rounds * (20 + chosen.length * (2 * (options.seconds.locks + 3.5) + 3));
  },
};

const isAlwaysThere = (way: (typeof WAYS_TO_SETTLE)[number]) =>
  [undefined, 'redis', 'postgres'].includes(serverOf(way));

/** About how long it takes, in minutes. */
export const minutesFor = (options: BenchOptions) =>
  Math.ceil(options.benchmarks.reduce((sum, name) => sum + SECONDS[name](options), 0) / 60);
