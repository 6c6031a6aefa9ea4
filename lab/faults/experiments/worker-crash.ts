import type { StrategyName } from '@app/inventory';
import type { Observation } from '../cell.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import type { History } from '../history.js';
import { Random } from '../random.js';
import type { Books } from '../shop/books.js';
import { whileBuyersCome, type Sold } from '../shop/buyers.js';
import { planOutages, strike } from './worker-crash/outages.js';
import { delaysWrites, perilsOf } from './worker-crash/perils.js';
import { brokenPromises, harmsIn } from '../shop/promises.js';
import { settleUp } from '../shop/settle-up.js';
import { openShop } from './worker-crash/shop.js';

/** Buyers a second, seconds, and fewer units than buyers: the sale sells out while outages are still being made up for. */
const LOAD = { rate: 60, seconds: 26, stock: 1_300 };
/** k6 tells of its first requests so much later at most, in milliseconds. */
const TOLD_LATE_MS = 2_000;
/** The outages begin well before the load ends, even if some have to wait for their victim. */
const OUTAGES_MS = 19_000;

export const workerCrash: Experiment = {
  name: 'worker-crash',
  title: 'processes, servers and connections fail in every way while the application sells',
  explanation: `The whole application runs: two API replicas, three workers, a Redis that writes every command to its disk (AOF, appendfsync
always), a Postgres; each process reaches each of the two by a relay of its own. Buyers arrive at a constant rate (k6) and insist: who gets no
answer, or 503, asks again elsewhere with the same Idempotency-Key. Meanwhile all of this happens, in an order, at moments and to victims that
the seed decides, often several things at a time. Killed (SIGKILL) and started again: workers, Redis, Postgres. Frozen (SIGSTOP) for longer
than its locks and jobs are its own: a worker. Silent: nothing passes between one process and Redis, or Postgres, though TCP acknowledges what
is sent; later all of it arrives. Forgotten: the connections that are open are dead for good and nobody is told, as behind a gateway that lost
its table, while new ones work; it ends when the process has left them. Read-only: Redis is a replica of nothing for a while. Scripts flushed.
Another Redis takes over at the address, with all that was written: once the old one ends the connections of its clients (failed over), once
they stay with what is a replica now (demoted). So a job is delivered twice, a commit is not heard of, a lock outlives its holder, a fence is
undone. In the end every buyer who was told 202 must have an order that is settled, no unit may be sold twice or lie unsold while somebody was
turned away, every process must be ready, and whoever asks once more with the same key must be told of the same order, without a second effect.
The same schedule without a lock (none) oversells: the faults are not what the checks would overlook. redis-setnx is spared what lets a write
arrive late, a frozen worker and a Postgres that is silent for one: without a fence nothing stops such a write once the TTL is over, as
paused-holder shows. What makes it safe is not that nothing fails, but that each step is atomic in one store and harmless to repeat.`,
  sources: [
    {
      title: 'Basiri et al., Chaos Engineering (IEEE Software, 2016)',
      url: 'https://arxiv.org/abs/1702.05843',
    },
    {
      title: 'Redis persistence',
      url: 'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/',
    },
    { title: 'BullMQ: stalled jobs', url: 'https://docs.bullmq.io/guide/workers/stalled-jobs' },
    { title: 'PostgreSQL: reliability', url: 'https://www.postgresql.org/docs/current/wal-reliability.html' },
  ],
  atOnce: 1,
  cells: [
    cell('redis', { fence: true }),
    cell('redis-setnx'),
    cell('row-lock'),
    cell('serializable'),
    cell('conditional-update'),
    cell('skip-locked'),
    cell('redis-counter'),
    cell('none', { expected: 'UNSAFE' }),
  ],
};

/** `driver` is the name of a strategy here: some of them take no lock. */
function cell(
  driver: StrategyName,
  { fence = false, expected = 'SAFE' }: Partial<Pick<CellPlan, 'fence' | 'expected'>> = {},
): CellPlan {
  return { driver, fence, expected, needs: [], run: (options) => sellThroughOutages(driver, options) };
}

async function sellThroughOutages(
  strategy: StrategyName,
  { scene, ttl, progress }: CellOptions,
): Promise<Observation> {
  const { history } = scene;
  const { stack, victims } = await openShop(scene, ttl);
  const random = new Random(scene.seed, workerCrash.name); // the same for every strategy
  const all = planOutages(random, perilsOf(ttl), OUTAGES_MS);
  const plan = all.filter((outage) => strategy !== 'redis-setnx' || !delaysWrites(outage));
  progress(
    `  ${strategy}: ${plan.map(({ victim, fault, at }) => `${victim} ${fault} at ${at} ms`).join(', ')}`,
  );

  const [sold, begunAt] = await whileBuyersCome(stack, { strategy, ...LOAD }, async (at) => {
    await strike(victims, plan, history);
    return at;
  });
  const evidence = await settleUp(stack, sold);
  const { books, drainMs } = evidence;

  const loadEnds = begunAt + LOAD.seconds * 1_000 - TOLD_LATE_MS;
  const faults = history.events.filter(({ kind }) => kind === 'fault');
  const { oversold, undersold, lostUpdates } = books.truth;
  const forgotten = leavesIn(history);
  return {
    harms: harmsIn(evidence),
    fired:
      sold.droppedIterations === 0 &&
      faults.length === plan.length &&
      faults.every(({ at }) => at < loadEnds),
    violations: brokenPromises(evidence),
    figures: {
      outages: faults.length,
      arrivals: sold.requests,
      accepted: sold.accepted,
      droppedIterations: sold.droppedIterations,
      oversold,
      undersold,
      lostUpdates,
      leftForgottenMs: forgotten.ms,
      neverLeft: forgotten.never,
      drainMs,
      toTerminalMs: books.waits,
    },
    account: accountOf(sold, books, history),
    timeline: history.events,
  };
}

function accountOf({ accepted }: Sold, { truth, missing }: Books, history: History): string {
  const faults = history.events.filter(({ kind }) => kind === 'fault').length;
  const { oversold } = truth;
  return (
    `${faults} outages; ${accepted} orders accepted, ${missing.length} lost; ` +
    (oversold > 0 ? `oversold by ${oversold}` : 'nothing sold twice')
  );
}

/** How long each process took to leave connections that were dead, in milliseconds, and how many never left all of theirs. */
function leavesIn({ events }: History) {
  const forgotten = events.filter(({ kind, actor }) => kind === 'fault' && actor.endsWith(' forgotten'));
  const ms = forgotten.flatMap(({ actor, at }) => {
    const left = events.find((event) => event.kind === 'repaired' && event.actor === actor);
    return left ? [Math.round(left.at - at)] : [];
  });
  return { ms, never: forgotten.length - ms.length };
}
