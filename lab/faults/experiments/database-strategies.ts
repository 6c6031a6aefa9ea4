import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../actor.js';
import type { CheckoutResult, PlantedStatement, SellTask } from '../actor/protocol.js';
import type { Observation } from '../cell.js';
import { harmsOf } from '../checks.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import type { Scene, Stage } from '../scene.js';
import { unsettled } from '../settle.js';

/** How long Postgres bears with a transaction in which nothing happens; and how long one can see that somebody waits, in milliseconds. */
const IDLE_MS = 1_500;
const WAITS_MS = 500;
const ROUNDS = 5;
const STORMERS = 4;
/** Fewer than there are orders. */
const STORM_STOCK = 12;

const skipLocked = (
  variant: string,
  run: CellPlan['run'],
  expected: CellPlan['expected'] = 'SAFE',
): CellPlan => ({ driver: 'skip-locked', fence: false, variant, expected, needs: [], run });

export const databaseStrategies: Experiment = {
  name: 'database-strategies',
  title: 'no lock, only the database: who dies or sleeps in a transaction, and a storm on one row',
  explanation: `Under skip-locked each of the three units is a row. A taker has sold two of them to one order, and is hit before its COMMIT leaves. Another buys the third
without a pause, since it skips the rows that are locked. The next order finds no row that is free, and may not be told that all is sold: it waits for the taker. If that one is killed, its
connection closes and Postgres gives the units back at once. If it sleeps (SIGSTOP), that takes until idle_in_transaction_session_timeout ends its session, and the
sleeper finds so when it wakes up. Either way the two units go to the one who waited and to the next who asks, and three are sold. The first control answers "sold out" for rows that it only
skipped: one unit comes back, and nobody is left to buy it. The second one takes free rows without locking them: the one unit is sold twice.
Under serializable, ${STORMERS} processes read one row at the same moment, in ${ROUNDS} rounds. Postgres lets one of them commit and refuses the others (40001), which try again at once until they come through, or are told
that all is sold. One control takes the first refusal for the last word: its buyers get no answer. The other one does the same under READ COMMITTED, where nobody is refused, and sells what
it does not have.`,
  sources: [
    {
      title: 'Shopify: Scaling inventory reservations (2026)',
      url: 'https://shopify.engineering/scaling-inventory-reservations',
    },
    {
      title: 'PostgreSQL: SELECT, on SKIP LOCKED',
      url: 'https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE',
    },
    {
      title: 'PostgreSQL: Serializable isolation level',
      url: 'https://www.postgresql.org/docs/current/transaction-iso.html#XACT-SERIALIZABLE',
    },
  ],
  atOnce: 2,
  cells: [
    skipLocked('taker killed', (options) => taker('killed', options)),
    skipLocked('taker paused', (options) => taker('paused', options)),
    skipLocked(
      'skipped counts as sold',
      (options) => taker('killed', options, 'planted:skipped-is-sold'),
      'UNSAFE',
    ),
    skipLocked('rows not locked', rowsNotLocked, 'UNSAFE'),
    {
      driver: 'serializable',
      fence: false,
      expected: 'SAFE',
      needs: [],
      run: (options) => storm('serializable', options),
    },
    {
      driver: 'serializable',
      fence: false,
      variant: 'no retries',
      expected: 'UNSAFE',
      needs: [],
      run: (options) => storm('serializable', options, 'planted:first-failure-is-final'),
    },
    {
      driver: 'none',
      fence: false,
      variant: 'read committed',
      expected: 'UNSAFE',
      needs: [],
      run: (options) => storm('read-modify-write', options),
    },
  ],
};

type Orders = Pick<SellTask, 'write' | 'defect'>;
const buy = (actor: Actor, stage: Stage, task: Orders, order = stage.order()) =>
  actor.calls.sell({ ...task, order, idleMs: IDLE_MS });

/** Three units. Whoever has two of them is hit in its transaction, and the last who wants one has to wait for what becomes of it. */
async function taker(
  fate: 'killed' | 'paused',
  { scene }: CellOptions,
  defect?: PlantedStatement,
): Promise<Observation> {
  const task = { write: 'skip-locked', defect } as const;
  const [first, second, third] = await scene.actors('taker', 'buyer', 'last');
  const stage = await scene.sale(3, 'skip-locked');
  const taken = { ...stage.order(), quantity: 2 };
  const { goOn, ended } = await first!.beginTo('uncommitted', () => buy(first!, stage, task, taken));
  const gone = ended.catch((): CheckoutResult => ({ error: 'killed' }));
  const past = await buy(second!, stage, task);
  if (fate === 'paused') first!.stop();
  const last = buy(third!, stage, task);
  const waited = await Promise.race([last.then(() => false), sleep(WAITS_MS, true)]);
  if (fate === 'killed') await first!.kill('SIGKILL');
  const settled = await last;
  if (fate === 'paused') {
    goOn();
    first!.continue();
  }
  const result = await gone;
  const later = await buy(second!, stage, task);
  // As a queue does it: what came to nothing is tried again, by whoever is there.
  const again = 'error' in result ? await buy(second!, stage, task, taken) : result;
  const { history } = scene;
  const fault = history.find('taker', fate === 'killed' ? 'killed' : 'stopped')!;
  return {
    ...(await seen(scene, stage, [past, settled, later, again])),
    fired: 'error' in result && waited === !defect,
    figures: waited ? { waitedMs: history.find('last', 'released')!.at - fault.at } : {},
    account: waited
      ? 'one unit was sold past the rows that were locked; the next order waited for them, and had one'
      : 'an order was told "sold out" while two units were only locked; they came free again, and one was never sold',
  };
}

/** One unit, two takers: the second takes it while the first has not committed. */
async function rowsNotLocked({ scene }: CellOptions): Promise<Observation> {
  const task = { write: 'skip-locked', defect: 'planted:rows-not-locked' } as const;
  const [first, second] = await scene.actors('taker', 'buyer');
  const stage = await scene.sale(1, 'skip-locked');
  const { goOn, ended } = await first!.beginTo('uncommitted', () => buy(first!, stage, task));
  const overtaking = buy(second!, stage, task);
  await Promise.race([overtaking, sleep(WAITS_MS)]);
  goOn();
  const results = [await ended, await overtaking];
  const { harms, ...rest } = await seen(scene, stage, results);
  return {
    harms,
    ...rest,
    fired: true,
    figures: {},
    account: `both took the one unit that they saw to be free: ${harms.join(', ')}`,
  };
}

/** In each round all read the same row before anybody writes it. */
async function storm(
  write: SellTask['write'],
  { scene }: CellOptions,
  defect?: PlantedStatement,
): Promise<Observation> {
  const actors = await scene.actors(...Array.from({ length: STORMERS }, (_, i) => `buyer ${i + 1}`));
  const stage = await scene.sale(STORM_STOCK);
  const results: CheckoutResult[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const readings = actors.map((actor) => actor.haltAt('read'));
    const buying = Promise.all(actors.map((actor) => buy(actor, stage, { write, defect })));
    await Promise.race([Promise.all(readings), buying]);
    for (const reading of scene.random.shuffled(readings)) void reading.then((goOn) => goOn());
    results.push(...(await buying));
  }
  const failed = unsettled(results).length;
  const conflicts = scene.history.events.filter(({ kind }) => kind === 'refused').length;
  const { harms, ...rest } = await seen(scene, stage, results);
  return {
    ...rest,
    harms: [...harms, ...(failed > 0 ? [`${failed} of ${results.length} orders got no answer`] : [])],
    violations: [],
    fired: write !== 'serializable' || conflicts > 0,
    figures: { orders: results.length, conflicts, failed },
    account: `${results.length} orders for ${STORM_STOCK} units, ${conflicts} conflicts: ${harms.concat(failed ? `${failed} failed` : []).join(', ') || 'all were answered, and exactly the stock was sold'}`,
  };
}

async function seen(scene: Scene, stage: Stage, results: readonly CheckoutResult[]) {
  const total = await stage.audit();
  return {
    harms: [...harmsOf(total, []), ...(total.undersold > 0 ? [`undersold by ${total.undersold}`] : [])],
    violations: unsettled(results),
    timeline: scene.history.events,
  };
}
