import { EXPERIMENTS } from '../../lab/faults/experiments/index.js';
import { libraries } from '../../lab/faults/experiments/libraries/libraries.js';
import type { ReportedRun } from '../../lab/faults/run-and-report.js';
import { ExpectedError } from '../../local/expected-error.js';
import { integer, parsed } from './arguments.js';

/** What `npm run lab` is asked for. */
type LabRequest =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | ({
      readonly kind: 'run';
      /** A module with a lock to try in place of those that are known here. */
      readonly lock?: string;
    } & ReportedRun);

const TTL_MS = 3_000;
const CYCLES = 500;
const MOST_SEED = 2 ** 31 - 1;
const { name: LIBRARIES } = libraries;
const NAMES = EXPERIMENTS.map(({ name }) => name);
const WIDEST = Math.max(...NAMES.map(({ length }) => length));
const DRIVERS = [...new Set(EXPERIMENTS.flatMap(({ cells }) => cells.map(({ driver }) => driver)))];

export const usage = `npm run lab -- list | all | <experiment ...> [options]

Breaks each lock on real servers with real processes, shows what goes wrong, then the repair. Every run is checked against
what is expected of it; the report has the matrix and the drawings.

${EXPERIMENTS.map(({ name, title }) => `  ${name.padEnd(WIDEST)} ${title}`).join('\n')}

  --driver <list>  only these locks: ${DRIVERS.join(', ')}
  --seeds <list>   the schedules of faults to run: numbers with commas between them, or 1-20 (1)
  --ttl <ms>       of the locks; a crash at T+1 of the textbook's 60 s is --ttl 60000 (${TTL_MS})
  --lock <module>  your own lock in place of these, a file or a package (docs/your-lock.md): ${LIBRARIES} tries it
  --cycles <n>     so often a lock is taken and given back where leaks are looked for (${CYCLES})
  --json           the summary on standard output, the progress on standard error
  --docs           writes docs/lab from this run: the pages of its experiments, and of all the index too
  --help           this text

Exit code 0 only if the verdict is PASS: what should break broke, and what should hold held.
`;

export function parseOptions(args: string[]): LabRequest {
  const { values, positionals } = parsed(usage, {
    args,
    allowPositionals: true,
    options: {
      driver: { type: 'string' },
      seeds: { type: 'string' },
      ttl: { type: 'string' },
      lock: { type: 'string' },
      cycles: { type: 'string' },
      json: { type: 'boolean' },
      docs: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return { kind: 'help' };
  if (positionals.length === 0) throw new ExpectedError(`Name an experiment, or all, or list.\n\n${usage}`);
  if (positionals.includes('list')) return { kind: 'list' };
  const unknown = positionals.filter((name) => name !== 'all' && !NAMES.includes(name));
  if (unknown.length > 0)
    throw new ExpectedError(
      `There is no experiment ${unknown.join(', ')}. There are ${NAMES.join(', ')}, and all.`,
    );
  const all = positionals.includes('all');
  const experiments = EXPERIMENTS.filter(({ name }) => all || positionals.includes(name));
  const drivers = values.driver?.split(',').map((name) => name.trim()) ?? [];
  const offered = new Set(experiments.flatMap(({ cells }) => cells.map(({ driver }) => driver)));
  const strangers = drivers.filter((name) => !offered.has(name));
  if (strangers.length > 0)
    throw new ExpectedError(
      `--driver: nothing is tried on ${strangers.join(', ')} here. There are ${[...offered].join(', ')}.`,
    );
  const seeds = (values.seeds ?? '1').split(',').flatMap(seedsIn);
  const ttl = integer('--ttl', values.ttl, 1_000, 120_000) ?? TTL_MS;
  const cycles = integer('--cycles', values.cycles, 10, 100_000) ?? CYCLES;
  const { json = false, docs = false, lock } = values;
  if (lock !== undefined) {
    const others = positionals.filter((name) => name !== 'all' && name !== LIBRARIES);
    if (others.length > 0)
      throw new ExpectedError(
        `--lock: ${others.join(', ')} cannot take a lock of yours. ${LIBRARIES} can, and all means it.`,
      );
    if (docs || drivers.length > 0)
      throw new ExpectedError('--lock tries one lock: it goes with no --docs or --driver.');
  }
  if (docs && drivers.length > 0)
    throw new ExpectedError('--docs tells of all locks: npm run lab -- all --docs');
  return { kind: 'run', json, docs, lock, options: { experiments, drivers, seeds, ttl, cycles } };
}

/** Of `7`, that one; of `1-20`, all of them. */
function seedsIn(text: string): number[] {
  const [first = '', last = first] = text.trim().split('-');
  const from = integer('--seeds', first, 0, MOST_SEED);
  const to = integer('--seeds', last, from, MOST_SEED);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
