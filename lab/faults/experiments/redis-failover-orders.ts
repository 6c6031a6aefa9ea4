import type { Observation } from '../cell.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { whileBuyersCome } from '../shop/buyers.js';
import { noteTime, noticedOf } from '../shop/noticed.js';
import { brokenBesidesLoss } from '../shop/promises.js';
import { settleUp } from '../shop/settle-up.js';
import { loseThePrimary, type Lag, type Loss } from './redis-failover-orders/primary-lost.js';
import { openReplicatedShop, type Settings } from './redis-failover-orders/shop.js';

/** Buyers a second, for how many seconds, and more units than they want. */
const LOAD = { strategy: 'redis', rate: 20, seconds: 12, stock: 10_000, outage: 16 } as const;

interface Plan extends Settings {
  readonly variant: string;
  readonly expected: CellPlan['expected'];
  readonly loss: Loss;
  readonly lag: Lag;
}

const NOBODY = { acceptReplicas: 0, choice: 'most', expected: 'UNSAFE' } as const;
/** As compose.sentinel.yml has it. */
const ONE = { acceptReplicas: 1, choice: 'most', expected: 'SAFE' } as const;

const PLANS: readonly Plan[] = [
  { variant: 'killed', loss: 'killed', lag: 'all', ...NOBODY },
  { variant: 'killed, WAIT 1', loss: 'killed', lag: 'all', ...ONE },
  {
    variant: 'killed, WAIT 1, the one that lags takes over',
    loss: 'killed',
    lag: 'one',
    acceptReplicas: 1,
    choice: 'first',
    expected: 'UNSAFE',
  },
  {
    variant: 'killed, WAIT 2, the one that lags takes over',
    loss: 'killed',
    lag: 'one',
    acceptReplicas: 2,
    choice: 'first',
    expected: 'SAFE',
  },
  { variant: 'frozen', loss: 'frozen', lag: 'none', ...NOBODY },
  { variant: 'frozen, WAIT 1', loss: 'frozen', lag: 'none', ...ONE },
  { variant: 'partitioned', loss: 'partitioned', lag: 'none', ...NOBODY },
  { variant: 'partitioned, WAIT 1', loss: 'partitioned', lag: 'none', ...ONE },
];

export const redisFailoverOrders: Experiment = {
  name: 'redis-failover-orders',
  title: 'the primary is lost while the application sells: which accepted orders does the next one have?',
  explanation: `The whole application runs on a Redis with two replicas and three Sentinels: two API replicas, two workers, buyers at a constant rate
(k6) who ask again until they have an answer. The workers stand still for a while, as under a stampede, when thousands of accepted orders are in Redis
alone. Killed: nothing has come to the replicas, or to one of them, for a moment when the primary dies. Frozen: the primary stops (SIGSTOP), another one
is promoted, and the old one goes on with the clients that never left it. Partitioned: replicas and Sentinels are cut off from the primary; who is
connected to it notices nothing, and for a while there are two. Redis answers before its replicas have a write, so whatever only the old primary
had is lost once it is dead or made a replica: buyers were told 202, and nothing carries their orders. With ACCEPT_REPLICAS (WAIT in the
transaction of the order) a buyer hears 202 only once so many replicas have it, else 503, and asks again; with min-replicas-to-write a primary without
replicas takes nothing, and the application leaves it and asks the Sentinels. One replica is enough where the one that has most takes
over, as Sentinels choose by themselves; where a priority prefers another one, all have to have it, and nothing is accepted while one is away. The fence is in Postgres and outlives all of
this: the tokens in the ledger never go back.`,
  sources: [
    { title: 'Redis: WAIT', url: 'https://redis.io/docs/latest/commands/wait/' },
    {
      title: 'Redis: high availability with Sentinel, "Example 2: basic setup with three boxes"',
      url: 'https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/',
    },
    { title: 'Jepsen: Redis (2013)', url: 'https://aphyr.com/posts/283-jepsen-redis' },
  ],
  atOnce: 1,
  cells: PLANS.map((plan): CellPlan => {
    const { variant, expected } = plan;
    return {
      driver: 'redis',
      fence: true,
      variant,
      expected,
      needs: [],
      run: (options) => failover(plan, options),
    };
  }),
};

async function failover(plan: Plan, { scene, ttl }: CellOptions): Promise<Observation> {
  const { history } = scene;
  const shop = await openReplicatedShop(scene, ttl, plan);
  const { stack } = shop;
  const [sold, { lostAt, failoverMs, backAt }] = await whileBuyersCome(stack, LOAD, () =>
    loseThePrimary(scene, shop, plan),
  );
  const noticed = noticedOf(sold.orders, lostAt);
  noteTime(history, 'checkouts refused', noticed);
  const settled = await settleUp(stack, sold);
  const { books, drainMs } = settled;
  const lost = books.missing.length;
  return {
    harms: lost > 0 ? [`${lost} accepted orders are lost`] : [],
    fired: sold.droppedIterations === 0 && sold.orders.some(({ at }) => at > backAt),
    violations: brokenBesidesLoss(settled),
    figures: {
      arrivals: sold.requests,
      accepted: sold.accepted,
      lost,
      failoverMs,
      refusedMs: noticed.to - noticed.from,
      p99BeforeMs: noticed.p99BeforeMs,
      p99AfterMs: noticed.p99AfterMs,
      drainMs,
    },
    account: `${sold.accepted} orders accepted, ${lost} lost`,
    timeline: history.events,
  };
}
