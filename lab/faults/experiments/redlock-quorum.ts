import type { Observation } from '../cell.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { overtaking } from '../overtaking.js';
import { begin, MAJORITY, TROUBLES, voteTwice } from './redlock-voters.js';

export const redlockQuorum: Experiment = {
  name: 'redlock-quorum',
  title: 'five independent servers: which losses does a majority survive?',
  explanation: `Redlock gives the lock to whoever has the votes of three in five independent Redis servers. With two of them dead the sale goes on; with three dead
nobody is granted anything, and who asks is told so (LOCK_QUORUM_UNREACHABLE) instead of waiting. The rest of the cells need two faults: two servers are down
when the first process is granted the lock, so that it has three votes and none to spare; then they come back, and something happens to one of the
three. If it restarts without its data it votes once more, and the second process has a majority as well: granted twice, sold twice. It must either write each
vote to its disk before it answers (appendfsync always), or stay away until every lease it may have voted for is over. A wall clock that jumps
has the same effect as forgetting: Redis ends keys by it, and no setting helps. Redlock gives no token, so nothing refuses the write of the first.`,
  sources: [
    {
      title: 'Redis: distributed locks, "Performance, crash recovery and fsync"',
      url: 'https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/',
    },
    {
      title: 'Kleppmann, How to do distributed locking (2016)',
      url: 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html',
    },
    { title: 'antirez, Is Redlock safe? (2016)', url: 'http://antirez.com/news/101' },
  ],
  atOnce: 2,
  cells: [
    cell('a minority is lost', false, minorityLost),
    cell('the majority is lost', false, majorityLost),
    ...TROUBLES.map((trouble) =>
      cell(trouble.variant, trouble.grantsTwice, (options) => voteTwice(trouble, options)),
    ),
  ],
};

function cell(variant: string, unsafe: boolean, run: CellPlan['run']): CellPlan {
  return { driver: 'redlock', fence: false, variant, expected: unsafe ? 'UNSAFE' : 'SAFE', needs: [], run };
}

/** Two servers die while the first holds the lock. */
async function minorityLost(options: CellOptions): Promise<Observation> {
  const { scene } = options;
  const { servers, first, second, locking } = await begin(options, { durable: true });
  const victims = scene.random.shuffled(servers).slice(MAJORITY);
  const seen = await overtaking({
    scene,
    first,
    second,
    locking,
    fault: () => scene.kill('minority', ...victims),
  });
  return {
    harms: seen.harms,
    fired: true,
    violations: [...seen.violations, ...(seen.grantedTwice ? ['the lock was granted twice'] : [])],
    figures: seen.figures,
    account:
      'with two of five servers dead, the first kept the lock and the second was granted it afterwards',
    timeline: scene.history.events,
  };
}

/** Three servers die while the first holds the lock: nobody is granted it until they are back. */
async function majorityLost(options: CellOptions): Promise<Observation> {
  const { scene } = options;
  const { history } = scene;
  const { servers, first, second, locking } = await begin(options, { durable: true });
  const victims = scene.random.shuffled(servers).slice(0, MAJORITY);
  let told = '';
  let repairedAt = 0;
  const seen = await overtaking({
    scene,
    first,
    second,
    locking,
    fault: async () => {
      const at = await scene.kill('majority', ...victims);
      const stage = await scene.sale(1);
      const refused = await second.calls.checkout({ ...locking, order: stage.order() });
      told = 'error' in refused ? refused.error : refused.status;
      return at;
    },
    afterwards: async () => {
      await Promise.all(victims.map((victim) => victim.start()));
      repairedAt = history.note('majority', 'repaired', 'comes back');
    },
  });
  const grantedAt = history.find('second', 'granted')?.at ?? Infinity;
  return {
    harms: seen.harms,
    fired: told === 'LOCK_QUORUM_UNREACHABLE',
    violations: [
      ...seen.violations,
      ...(told === 'LOCK_QUORUM_UNREACHABLE' ? [] : [`without a majority a caller was told ${told}`]),
      ...(grantedAt < repairedAt ? ['the lock was granted without a majority'] : []),
    ],
    figures: { grantedAfterRepairMs: grantedAt - repairedAt },
    account:
      'with three of five servers dead, LOCK_QUORUM_UNREACHABLE and no grant; with them back, the sale went on',
    timeline: history.events,
  };
}
