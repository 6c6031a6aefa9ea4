import type { StrategyName } from '@app/inventory';
import { TcpProxy } from '@app/testing';
import { cutOff, promoted, startReplicatedRedis } from '../../../local/services/redis-sentinel.js';
import { startRedisProgram } from '../../../local/services/redis.js';
import { until } from '../../../local/services/until.js';
import type { Observation } from '../cell.js';
import { harmsOf } from '../checks.js';
import type { CellPlan, Experiment } from '../experiment.js';
import type { Scene, Stage } from '../scene.js';
import { openShop, ordersOf, type Answers } from './redis-counter/shop.js';

const STOCK = 10;
/** Buyers who are served before anything fails, those whom the fault hits, and those who come later: more than there are units. */
const [BEFORE, STRUCK, LATER] = [2, 3, 12];

/** What a fault came to. */
interface Struck {
  readonly later: Answers;
  /** Units by which the counter then differed from what was left in Postgres: below zero, it was too low. */
  readonly counterOff: number;
}

const FAULTS = { crash, failover };
const FORMS: readonly [StrategyName, CellPlan['expected']][] = [
  ['redis-counter-two-steps', 'UNSAFE'],
  ['redis-counter', 'SAFE'],
];

export const redisCounter: Experiment = {
  name: 'redis-counter',
  title: 'the stock is a counter in Redis: what a crash leaks, and what a failover gives back',
  explanation: `The usual design of a flash sale: a script takes units from a counter in Redis when a checkout is admitted, and a queue tells Postgres later.
Ten units; more buyers than that. As textbooks have it (redis-counter-two-steps) the units are taken in one step and the order is queued in the
next, and Postgres writes down what it is told. Crash: an API replica has taken three units, its orders are on their way to the queue, and it is killed
(SIGKILL). Nobody has these units, the counter says that they are gone, and buyers are turned away while they lie there, for good. Failover: a replica that
has not heard of the last three checkouts becomes the primary. Its counter is too high by three; they are sold again. Repaired (redis-counter), the units are
taken in the step that adds the job, so a process that dies leaves both or neither; Postgres takes units only while there are enough, so a counter that is
too high lets buyers wait for a refusal and sells nothing twice; each refused order gives its units back, and whenever a buyer is turned away the
counter is compared with Postgres and the queue, and put right.`,
  sources: [
    {
      title: 'Redis: EVAL, "Atomicity of scripts"',
      url: 'https://redis.io/docs/latest/develop/programmability/eval-intro/',
    },
    {
      title: 'Richardson, Pattern: Transactional outbox (the two writes that must be one)',
      url: 'https://microservices.io/patterns/data/transactional-outbox.html',
    },
    {
      title: 'Redis: replication is asynchronous',
      url: 'https://redis.io/docs/latest/operate/oss_and_stack/management/replication/',
    },
  ],
  atOnce: 2,
  cells: Object.entries(FAULTS).flatMap(([variant, fault]) =>
    FORMS.map(([driver, expected]): CellPlan => ({
      driver,
      fence: false,
      variant,
      expected,
      needs: [],
      run: async ({ scene }) => observe(scene, driver, fault),
    })),
  ),
};

async function observe(scene: Scene, strategy: StrategyName, fault: typeof crash): Promise<Observation> {
  const stage = await scene.sale(STOCK);
  const { later, counterOff } = await fault(scene, stage, strategy);
  const [truth, movements] = [await stage.audit(), await stage.movements()];
  const unsold = later.refused > 0 ? Math.max(0, truth.available) : 0;
  const harms = [
    ...harmsOf(truth, movements),
    ...(unsold > 0 ? [`${unsold} units unsold while buyers were turned away`] : []),
  ];
  return {
    harms,
    fired: later.refused > 0 && (fault === crash || counterOff === STRUCK),
    figures: {
      stock: STOCK,
      held: truth.held,
      counterOff,
      admittedLater: later.accepted,
      refusedLater: later.refused,
    },
    account: `${truth.held} of ${STOCK} units sold${harms.length > 0 ? `: ${harms.join(', ')}` : ', each once'}`,
    timeline: scene.history.events,
  };
}

/** An API replica dies when its orders are on their way to the queue. */
async function crash(scene: Scene, stage: Stage, strategy: StrategyName): Promise<Struck> {
  const redis = await startRedisProgram({ fsync: 'never' });
  scene.owns(redis);
  const shop = openShop(scene, stage, strategy, redis.url);
  await shop.checkouts(BEFORE);
  const way = await TcpProxy.before(redis.url);
  scene.atEnd(() => way.close());
  const dying = await scene.actor('API that dies', { ...scene.servers, redis: redis.url });
  const task = { orders: ordersOf(stage, strategy, STRUCK), entrance: way.leadingTo(redis.url) };
  const { ended, goOn } = await dying.beginTo('connected', () => dying.calls.admit(task));
  ended.catch(() => undefined); // it dies
  way.blackhole();
  const sent = way.requests;
  goOn();
  await until('the orders are on their way', async () => way.requests > sent);
  await dying.kill('SIGKILL');
  way.cut();
  const counterOff = (await shop.left()) - (await stage.audit()).available;
  return { later: await shop.checkouts(LATER), counterOff };
}

/** A replica that has not heard of the last checkouts becomes the primary. */
async function failover(scene: Scene, stage: Stage, strategy: StrategyName): Promise<Struck> {
  const redis = await startReplicatedRedis(1);
  scene.owns(redis.primary, ...redis.replicas, ...redis.sentinels);
  const [replica] = redis.replicas;
  const shop = openShop(scene, stage, strategy, redis.primary.url);
  await shop.checkouts(BEFORE);
  await until('the replica has the counter', () => shop.isCopiedTo(replica!.url));
  await cutOff(replica!);
  scene.history.note('replica', 'fault', 'cut off');
  await shop.checkouts(STRUCK);
  await shop.close();
  await scene.kill('primary', redis.primary);
  await promoted(redis, replica!);
  scene.history.note('replica', 'repaired', 'is the primary');
  const again = openShop(scene, stage, strategy, replica!.url);
  const counterOff = (await again.left()) - (await stage.audit()).available;
  return { later: await again.checkouts(LATER), counterOff };
}
