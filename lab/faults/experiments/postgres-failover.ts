import type { Observation } from '../cell.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { whileBuyersCome } from '../shop/buyers.js';
import { noteTime, noticedOf } from '../shop/noticed.js';
import { brokenBesidesLoss } from '../shop/promises.js';
import { settleUp } from '../shop/settle-up.js';
import { loseThePrimary, type Loss } from './postgres-failover/primary-lost.js';
import { openShopWithStandby } from './postgres-failover/shop.js';

/** Buyers a second, seconds, and fewer units than buyers: what is sold twice is missing to somebody. Who buys waits for his outcome. */
const LOAD = { strategy: 'redis', rate: 40, seconds: 12, stock: 350, wait: 2, outage: 6 } as const;

interface Plan {
  readonly loss: Loss;
  /** Whether commits wait for the standby. */
  readonly waits: boolean;
}

export const postgresFailover: Experiment = {
  name: 'postgres-failover',
  title: 'the standby is promoted while the application sells: which settled orders does it have?',
  explanation: `The whole application runs on a Postgres with a streaming standby: two API replicas, two workers, buyers at a constant rate (k6) who wait for
their outcome, and fewer units than buyers. For a moment nothing comes to the standby; then the primary is killed, or frozen (SIGSTOP), or stays
partitioned from its standby; the standby is promoted, and the address of the database leads to it. A primary that was frozen goes on, and one
that was partitioned has never stopped: who is connected stays there for a while, until somebody fences it. Where the standby is
asynchronous, buyers were told "reserved" of orders that it has never heard of; their units are there again, and are sold to others. With
synchronous_standby_names a commit counts only once a standby has it on its disk: meanwhile nothing is settled, the orders wait in the queue, and
a worker settles them on the new primary. The fence goes back with the row in the first case: a holder that lives finds another fence at its
write, takes the lock anew, and the tokens in the ledger never go back.`,
  sources: [
    {
      title: 'PostgreSQL: synchronous replication',
      url: 'https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION',
    },
    {
      title: 'PostgreSQL: failover',
      url: 'https://www.postgresql.org/docs/current/warm-standby-failover.html',
    },
  ],
  atOnce: 1,
  cells: (['killed', 'frozen', 'partitioned'] as const).flatMap((loss) => [
    cell({ loss, waits: false }),
    cell({ loss, waits: true }),
  ]),
};

function cell(plan: Plan): CellPlan {
  const { loss, waits } = plan;
  return {
    driver: 'redis',
    fence: true,
    variant: `${loss}, ${waits ? 'synchronous' : 'asynchronous'}`,
    expected: waits ? 'SAFE' : 'UNSAFE',
    needs: [],
    run: (options) => failover(plan, options),
  };
}

async function failover(plan: Plan, { scene, ttl }: CellOptions): Promise<Observation> {
  const { history } = scene;
  const shop = await openShopWithStandby(scene, ttl, plan.waits);
  const { stack } = shop;
  const [sold, { lostAt, failoverMs, overAt }] = await whileBuyersCome(stack, LOAD, () =>
    loseThePrimary(scene, shop, plan),
  );
  const told = sold.orders.filter(({ status }) => status === 'reserved');
  const noticed = noticedOf(told, lostAt);
  const refused = noticedOf(sold.orders, lostAt);
  noteTime(history, 'nothing settled', noticed);
  const settled = await settleUp(stack, sold);
  const { books, drainMs } = settled;
  const missing = new Set(books.missing);
  const undone = told.filter(({ orderId }) => missing.has(orderId)).length;
  const soldTwice = Math.max(0, undone - books.unsold);
  return {
    harms: [
      ...(missing.size > 0
        ? [`${missing.size} accepted orders are lost, of which ${undone} were told reserved`]
        : []),
      ...(soldTwice > 0 ? [`${soldTwice} units are promised to two`] : []),
    ],
    fired: sold.droppedIterations === 0 && told.some(({ at }) => at > overAt),
    violations: brokenBesidesLoss(settled),
    figures: {
      arrivals: sold.requests,
      accepted: sold.accepted,
      lost: missing.size,
      toldReserved: told.length,
      undone,
      soldTwice,
      failoverMs,
      refusedMs: refused.to - refused.from,
      nothingSettledMs: noticed.to - noticed.from,
      p99BeforeMs: noticed.p99BeforeMs,
      p99AfterMs: noticed.p99AfterMs,
      drainMs,
    },
    account: `${told.length} orders told reserved, ${undone} of them gone, ${soldTwice} units sold twice`,
    timeline: history.events,
  };
}
