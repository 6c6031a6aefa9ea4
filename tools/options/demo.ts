import { STRATEGY_NAMES } from '@app/inventory';
import { POSTGRES_WAYS } from '../../local/stack/pooler.js';
import { FULL, SMALL, type DemoOptions } from '../../lab/demo/options.js';
import { REDIS_KINDS } from '../../local/services/services.js';
import { integer, listOf, oneOf, parsed } from './arguments.js';

const lockOn = STRATEGY_NAMES.filter((name) => name !== 'none');

export const usage = `npm run demo -- [options]

Runs a flash sale first without a lock, then with one, and proves from the database what was sold. Then the whole journey:
buyers who reserve and pay, walk away or are declined, under redis or the first of the strategies.

  --api-replicas <n>   API processes (${FULL.apiReplicas})
  --workers <n>        worker processes, at least 2 (${FULL.workers})
  --batch-size <n>     orders committed per lock hold at most; 1 is a lock per order (${FULL.batchSize})
  --strategies <list>  lock-on strategies, comma separated (${FULL.strategies.join(',')}); starts the servers they need
  --postgres <way>     what the application reaches Postgres by: plain, or pgbouncer in transaction mode (${FULL.postgres})
  --redis <kind>       one, a server; sentinel, a primary with two replicas and three Sentinels; or
                       cluster, three primaries with a replica each (${FULL.redis})
  --duration <s>       seconds of load per run (${FULL.durationSeconds}); of the journey at least 15
  --rate <n>           buyers a second before the stampede, which triples it (fitted by a short warm-up); half of them on the journey
  --stock <n>          units on sale in the runs that are compared (a third of the demand)
  --small              a short demo for CI: --duration ${SMALL.durationSeconds} --strategies ${SMALL.strategies.join(',')}
  --help               this text

Exit code 0 only if the verdict is PASS.
`;

/** @returns undefined where only the usage was asked for. */
export function parseOptions(args: string[]): DemoOptions | undefined {
  const { values } = parsed(usage, {
    args,
    options: {
      'api-replicas': { type: 'string' },
      workers: { type: 'string' },
      'batch-size': { type: 'string' },
      strategies: { type: 'string' },
      postgres: { type: 'string' },
      redis: { type: 'string' },
      duration: { type: 'string' },
      rate: { type: 'string' },
      stock: { type: 'string' },
      small: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const defaults = values.small ? SMALL : FULL;
  return {
    apiReplicas: integer('--api-replicas', values['api-replicas'], 1, 16) ?? defaults.apiReplicas,
    // With one worker nothing competes, and lock-off has nothing to show.
    workers: integer('--workers', values.workers, 2, 32) ?? defaults.workers,
    batchSize: integer('--batch-size', values['batch-size'], 1, 1_000) ?? defaults.batchSize,
    durationSeconds: integer('--duration', values.duration, 4, 300) ?? defaults.durationSeconds,
    strategies: listOf('--strategies', values.strategies, lockOn) ?? defaults.strategies,
    postgres: oneOf('--postgres', values.postgres, POSTGRES_WAYS) ?? defaults.postgres,
    redis: oneOf('--redis', values.redis, REDIS_KINDS) ?? defaults.redis,
    rate: integer('--rate', values.rate, 4, 5_000),
    stock: integer('--stock', values.stock, 10, 1_000_000),
  };
}

/** The command that repeats a demo with the load it had. */
export function commandOf(options: DemoOptions, rate: number): string {
  const { apiReplicas, workers, batchSize, strategies, postgres, redis, durationSeconds, stock } = options;
  const given = {
    'api-replicas': apiReplicas,
    workers,
    'batch-size': batchSize,
    strategies: strategies.join(','),
    ...(postgres === FULL.postgres ? {} : { postgres }),
    ...(redis === FULL.redis ? {} : { redis }),
    duration: durationSeconds,
    rate,
    ...(stock === undefined ? {} : { stock }),
  };
  return ['npm run demo --', ...Object.entries(given).map(([name, value]) => `--${name} ${value}`)].join(' ');
}
