import type { CellPlan, Experiment } from '../../experiment.js';
import { CONTENDERS, type Contender } from './contenders.js';
import { TRIALS } from './trials.js';
import { versionOf } from './versions.js';

/** What is asked of every lock, whoever wrote it. */
const under = (contenders: readonly Contender[]): Omit<Experiment, 'title' | 'scoreboard'> => ({
  name: 'libraries',
  explanation: `Every lock guards the same sale, taken and given back as its README shows, and is put through the same: contention (three processes sell one SKU),
a crash of the holder (SIGKILL), a pause of the holder through its TTL (SIGSTOP, then its write goes out), a busy loop (the holder computes for longer than its TTL: no
timer fires, no answer is read), long work (awake, but longer than the TTL), a failover (the server that has the grant dies, and what takes its place has never
heard of it; where five servers vote, one of them is replaced), a release that is sent twice since its first answer was lost, a wait that is given up by its
signal, and many cycles, after which timers, connections, listeners and keys are counted. Waits are as long as the trial needs; all other settings are the library's own. A lock
that tells its holder of a loss is asked right before the write, as its README recommends; where it gives tokens the sale is tried with and without checking
them. What the lock tells its caller is what a program can act on: a signal, an answer to a question, an error. Units that were oversold are counted by the audit of the sale.`,
  sources: [
    {
      title: 'Kleppmann, How to do distributed locking (2016)',
      url: 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html',
    },
    {
      title: 'Redis: distributed locks',
      url: 'https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/',
    },
  ],
  atOnce: 8,
  cells: contenders.flatMap(cellsOf),
});

function cellsOf(contender: Contender): CellPlan[] {
  const { name, fence, store, known, races = [], leastTtl } = contender;
  return TRIALS.filter(({ applies }) => applies?.(contender) ?? true).map((trial) => ({
    driver: name,
    fence,
    variant: trial.name,
    expected: trial.survives(contender)
      ? 'SAFE'
      : known && !races.includes(trial.name)
        ? 'UNSAFE'
        : undefined,
    needs: [store],
    run: (options) => trial.run(contender, { ...options, ttl: Math.max(options.ttl, leastTtl) }),
  }));
}

const questions = Object.fromEntries(TRIALS.map(({ name, asks }) => [name, asks]));

export const libraries: Experiment = {
  ...under(CONTENDERS),
  title: "published locks, and this project's: the same faults for all",
  scoreboard: { versionOf: (driver) => versionOf(driver), questions },
};

export const ownLock = (contender: Contender): Experiment => ({
  ...under([contender]),
  title: `${contender.name} under every fault`,
  scoreboard: { versionOf: () => 'yours', questions },
});
