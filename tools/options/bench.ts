import { COMPARED_LOCKS } from '../../lab/bench/locks/compared-locks.js';
import {
  BENCHMARKS,
  LOCKS_AMONG_OTHERS,
  LONG_RUN_WARM_UP,
  type BenchmarkName,
  type BenchOptions,
} from '../../lab/bench/options.js';
import { LOAD_NAMES, WAY_NAMES } from '../../lab/bench/worker/ways-to-settle.js';
import { ExpectedError } from '../../local/expected-error.js';
import { integer, listOf, parsed } from './arguments.js';

/** Which benchmarks an option is for. */
const SCOPE: Record<string, readonly BenchmarkName[]> = {
  seconds: ['network', 'http', 'attack', 'servers', 'locks', 'scale'],
  orders: ['worker'],
  loads: ['worker'],
  only: ['worker', 'locks'],
  'api-replicas': ['http', 'attack', 'servers'],
  workers: ['http', 'attack', 'servers'],
  full: ['scale'],
  history: ['scale'],
  long: ['scale'],
};
const SECONDS = { network: 3, locks: 3, http: 15, attack: 60, servers: 15, long: 600 };
/** What `--only` of `locks` may name. */
const LOCK_NAMES = [...new Set(COMPARED_LOCKS.flatMap(({ name, backend }) => [backend, name]))];

export const usage = `npm run bench -- [benchmark ...] [options]

Measures this application, the ways people usually do it and the limits of the machine, by turns, and prints ratios.

  worker   orders committed per second on one hot SKU, without the queue: strategies, batch sizes, libraries, a bare loop
  network  the same where Redis and Postgres are 0, 1, 5 and 20 ms away: a lock per order against batches
  requests processor time of a checkout by what becomes of it, per process, against bare routes that refuse and enqueue
  http     k6 to the API to a terminal order: locked, unlocked, a worker that does nothing; an API replica killed; an overload
  attack   the sale at half of its capacity, alone and with attackers who do their worst beside it
  servers  the sale of http where Redis has Sentinels or is a cluster, and where Postgres is behind PgBouncer
  scale    1 to 8 workers, 1 to 64 SKUs, backlogs
  capacity what an order costs each part, what so many cores carry, and which wall stands next
  locks    the locks themselves: hand-offs, waits, fairness, dead time
Without a name: all of them, locks for ${LOCKS_AMONG_OTHERS.join(' and ')} only.

  --rounds <n>        how often each contender has its turn (3)
  --only <list>       worker: strategies and libraries, comma separated; their servers are started
                      (those that need no server but Postgres and Redis)
                      locks: drivers, servers or libraries (all)
  --loads <list>      worker: of ${LOAD_NAMES.join(', ')} (all)
  --orders <n>        worker: orders per run of the fast contenders (40000)
  --seconds <n>       network: about, of each run (${SECONDS.network}); locks: of each run (${SECONDS.locks}); http, servers: of load (${SECONDS.http}); attack: of each of two runs (${SECONDS.attack}); scale --long: in all (${SECONDS.long})
  --api-replicas <n>  http, attack, servers: API processes, at least 2: http kills one (2)
  --workers <n>       http, attack, servers: worker processes (2)
  --full              scale: backlogs of 1,000, 20,000 and 200,000 orders: two minutes a round; --history 10000000
  --history <n>       scale: also a database with so many orders, with what became of them, beside an empty one; a million takes
                      a minute and 1 GB, and a tenth as many expire in the end (0)
  --long              scale: ten minutes of steady load instead, in which memory, keys, connections and delay may not grow;
                      --seconds is at least ${3 * LONG_RUN_WARM_UP} then
  --help              this text

Exit code 1 if an invariant was broken or something could not be measured.
`;

/** @returns undefined where only the usage was asked for. */
export function parseOptions(args: string[]): BenchOptions | undefined {
  const { values, positionals } = parsed(usage, {
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      only: { type: 'string' },
      loads: { type: 'string' },
      orders: { type: 'string' },
      seconds: { type: 'string' },
      'api-replicas': { type: 'string' },
      workers: { type: 'string' },
      full: { type: 'boolean' },
      history: { type: 'string' },
      long: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const named = namesIn(positionals);
  const benchmarks = named.length > 0 ? named : BENCHMARKS;
  for (const option of Object.keys(values)) {
    const scope = SCOPE[option];
    if (scope && !scope.some((name) => named.includes(name)))
      throw new ExpectedError(`--${option} is an option of ${scope.join(' and ')}: name the benchmark.`);
  }
  if (values.only !== undefined && named.length > 1)
    throw new ExpectedError('--only goes with one benchmark, worker or locks.');
  const seconds = integer('--seconds', values.seconds, values.long ? 3 * LONG_RUN_WARM_UP : 1, 3_600);
  return {
    benchmarks,
    rounds: integer('--rounds', values.rounds, 1, 100) ?? 3,
    seconds: {
      network: seconds ?? SECONDS.network,
      locks: seconds ?? SECONDS.locks,
      http: seconds ?? SECONDS.http,
      attack: seconds ?? SECONDS.attack,
      servers: seconds ?? SECONDS.servers,
      long: seconds ?? SECONDS.long,
    },
    orders: integer('--orders', values.orders, 100, 1_000_000) ?? 40_000,
    only: listOf('--only', values.only, named[0] === 'worker' ? WAY_NAMES : LOCK_NAMES) ?? [],
    loads: listOf('--loads', values.loads, LOAD_NAMES) ?? [],
    apiReplicas: integer('--api-replicas', values['api-replicas'], 2, 16) ?? 2,
    workers: integer('--workers', values.workers, 1, 32) ?? 2,
    full: values.full ?? false,
    history: integer('--history', values.history, 0, 100_000_000) ?? (values.full ? 10_000_000 : 0),
    long: values.long ?? false,
  };
}

function namesIn(positionals: readonly string[]): BenchmarkName[] {
  const unknown = positionals.filter((name) => !BENCHMARKS.some((known) => known === name));
  if (unknown.length === 0) return BENCHMARKS.filter((name) => positionals.includes(name));
  throw new ExpectedError(`There is no benchmark ${unknown.join(', ')}. There are ${BENCHMARKS.join(', ')}.`);
}
