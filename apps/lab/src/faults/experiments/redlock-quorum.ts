import { setTimeout as sleep } from 'node:timers/promises';
import { startRedisProgram } from '../../../../../tools/services/redis.js';
import type { Service } from '../../../../../tools/services/service.js';
import { skewedClock, type SkewedClock } from '../../../../../tools/services/skewed-clock.js';
import type { Actor } from '../actor.js';
import type { Observation } from '../cell.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { overtaking } from '../overtaking.js';

const SERVERS = 5;
const MAJORITY = 3;
/** Long enough that no lease runs out before a server is back, in milliseconds. */
const LEAST_TTL_MS = 10_000;

/** What happens to one of the three servers that voted for the first, while the other two come back from a crash. */
interface Trouble {
  readonly variant: string;
  readonly grantsTwice: boolean;
  /** Whether the servers sync every write to their disks. */
  readonly durable?: boolean;
  readonly clock?: boolean;
  readonly strike: (struck: Struck) => Promise<void>;
  /** How its absence ends, where it does not end at once. */
  readonly comesBack?: (struck: Struck) => Promise<void>;
}

interface Struck {
  readonly server: Service;
  readonly clock?: SkewedClock;
  /** In milliseconds. */
  readonly ttl: number;
  readonly options: CellOptions;
}

const TROUBLES: readonly Trouble[] = [
  {
    variant: 'a server restarts and has forgotten',
    grantsTwice: true,
    strike: restart,
  },
  {
    variant: 'a server restarts and remembers (appendfsync always)',
    grantsTwice: false,
    durable: true,
    strike: restart,
  },
  {
    variant: 'a server that has forgotten stays away for a TTL',
    grantsTwice: false,
    strike: async ({ server, options }) => void (await options.scene.kill(server, 'voter')),
    comesBack: async ({ server, ttl, options }) => {
      await sleep(ttl);
      await server.start();
      options.scene.history.note('voter', 'repaired');
    },
  },
  {
    variant: 'the clock of a server jumps',
    grantsTwice: true,
    durable: true,
    clock: true,
    strike: async ({ clock, ttl, options: { scene } }) => {
      await clock!.set(scene.random.between(2, 100) * ttl);
      scene.history.note('voter', 'fault', 'its clock jumps ahead');
    },
  },
];

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
  const { servers, first, second, locking } = await begin(options);
  const victims = shuffled(servers, options).slice(MAJORITY);
  const seen = await overtaking({ scene, first, second, locking, fault: () => killAll(victims, options) });
  return {
    harms: seen.harms,
    fired: true,
    violations: [...seen.violations, ...(seen.grantedTwice ? ['the lock was granted twice'] : [])],
    figures: { grantedAfterMs: seen.grantedAfterMs },
    account:
      'with two of five servers dead, the first kept the lock and the second was granted it afterwards',
    timeline: scene.history.events,
  };
}

/** Three servers die while the first holds the lock: nobody is granted it until they are back. */
async function majorityLost(options: CellOptions): Promise<Observation> {
  const { scene } = options;
  const { history } = scene;
  const { servers, first, second, locking } = await begin(options);
  const victims = shuffled(servers, options).slice(0, MAJORITY);
  const errors: string[] = [];
  let repairedAt = 0;
  const seen = await overtaking({
    scene,
    first,
    second,
    locking,
    fault: async () => {
      const at = await killAll(victims, options);
      const stage = await scene.sale(1);
      const refused = await second.calls.checkout({ ...locking, order: stage.order() });
      errors.push('error' in refused ? refused.error : refused.status);
      return at;
    },
    afterwards: async () => {
      await Promise.all(victims.map((victim) => victim.start()));
      repairedAt = history.note('voters', 'repaired');
    },
  });
  const granted = history.find('second', 'granted')!;
  return {
    harms: seen.harms,
    fired: errors[0] === 'LOCK_QUORUM_UNREACHABLE',
    violations: [
      ...seen.violations,
      ...(errors[0] === 'LOCK_QUORUM_UNREACHABLE'
        ? []
        : [`without a majority a caller was told ${errors[0]}`]),
      ...(granted.at < repairedAt ? ['the lock was granted without a majority'] : []),
    ],
    figures: { grantedAfterRepairMs: granted.at - repairedAt },
    account:
      'with three of five servers dead, LOCK_QUORUM_UNREACHABLE and no grant; with them back, the sale went on',
    timeline: history.events,
  };
}

/** Two servers are down at the first grant and back at the second; meanwhile something happens to a third. */
async function voteTwice(trouble: Trouble, options: CellOptions): Promise<Observation> {
  const { scene } = options;
  const { history } = scene;
  const clock = trouble.clock ? await skewedClock() : undefined;
  const { servers, first, second, locking } = await begin(options, trouble.durable, clock);
  const [server, ...others] = servers;
  const away = shuffled(others, options).slice(0, SERVERS - MAJORITY);
  await killAll(away, options);
  const struck: Struck = { server: server!, clock, ttl: locking.ttl, options };
  const seen = await overtaking({
    scene,
    first,
    second,
    locking,
    fault: async () => {
      await Promise.all(away.map((other) => other.start()));
      const at = history.note('voters', 'repaired', 'two that were away');
      await trouble.strike(struck);
      return at;
    },
    afterwards: () => trouble.comesBack?.(struck) ?? Promise.resolve(),
  });
  return {
    harms: seen.harms,
    fired: seen.grantedTwice === trouble.grantsTwice,
    violations: [
      ...seen.violations,
      ...(seen.grantedTwice && !trouble.grantsTwice ? ['the lock was granted twice'] : []),
    ],
    figures: { grantedAfterMs: seen.grantedAfterMs },
    account: seen.grantedTwice
      ? `two majorities had one server in common, and it voted for both: ${seen.harms.join(', ')}`
      : 'no second majority until the first was done',
    timeline: history.events,
  };
}

/** The first server is the one that trouble comes to, where it comes to one. */
async function begin({ scene, ttl: asked }: CellOptions, durable = true, clock?: SkewedClock) {
  const ttl = Math.max(asked, LEAST_TTL_MS);
  const servers = await Promise.all(
    Array.from({ length: SERVERS }, (_, i) =>
      startRedisProgram({ fsync: durable ? 'always' : 'never', clock: i === 0 ? clock : undefined }),
    ),
  );
  scene.owns(...servers);
  const redlock = servers.map(({ url }) => url).join(',');
  const [first, second] = (await Promise.all(
    ['first', 'second'].map((name) => scene.actor(name, { ...scene.servers, redlock })),
  )) as [Actor, Actor];
  const locking = { driver: 'redlock', fence: false, ttl, wait: 2 * ttl };
  return { servers, first, second, locking };
}

async function restart({ server, options: { scene } }: Struck): Promise<void> {
  await scene.kill(server, 'voter');
  await server.start();
  scene.history.note('voter', 'repaired');
}

async function killAll(servers: readonly Service[], { scene }: CellOptions): Promise<number> {
  const [at] = await Promise.all(servers.map((server) => scene.kill(server, 'voters')));
  return at!;
}

function shuffled<T>(items: readonly T[], { scene: { random } }: CellOptions): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)[0]!);
}
