import { setTimeout as sleep } from 'node:timers/promises';
import { startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { skewedClock, type SkewedClock } from '../../../local/services/skewed-clock.js';
import type { Actor } from '../actor.js';
import type { Observation } from '../cell.js';
import type { CellOptions } from '../experiment.js';
import { overtaking } from '../overtaking.js';

const SERVERS = 5;
export const MAJORITY = 3;
/** Long enough that no lease runs out before a server is back, in milliseconds. */
const LEAST_TTL_MS = 10_000;

/** What happens to one of the three servers that voted for the first, while the other two come back from a crash. */
interface Trouble {
  readonly variant: string;
  readonly grantsTwice: boolean;
  /** Whether the servers sync every write to their disks. */
  readonly durable?: boolean;
  /** Whether its wall clock is one that can jump. */
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

export const TROUBLES: readonly Trouble[] = [
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
    strike: async ({ server, options }) => void (await options.scene.kill('voter', server)),
    comesBack: async ({ server, ttl, options }) => {
      await sleep(ttl);
      await server.start();
      options.scene.history.note('voter', 'repaired', 'comes back');
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

/** Two servers are down at the first grant and back at the second; meanwhile something happens to a third. */
export async function voteTwice(trouble: Trouble, options: CellOptions): Promise<Observation> {
  const { scene } = options;
  const { history } = scene;
  const { servers, clock, first, second, locking } = await begin(options, trouble);
  const [server, ...others] = servers;
  const away = scene.random.shuffled(others).slice(0, SERVERS - MAJORITY);
  await scene.kill('minority', ...away);
  const struck: Struck = { server: server!, clock, ttl: locking.ttl, options };
  const seen = await overtaking({
    scene,
    first,
    second,
    grantsTwice: trouble.grantsTwice,
    locking,
    fault: async () => {
      await Promise.all(away.map((other) => other.start()));
      const at = history.note('minority', 'repaired', 'comes back');
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
    figures: seen.figures,
    account: seen.grantedTwice
      ? `two majorities had one server in common, and it voted for both: ${seen.harms.join(', ')}`
      : 'no second majority until the first was done',
    timeline: history.events,
  };
}

async function restart({ server, options: { scene } }: Struck): Promise<void> {
  await scene.kill('voter', server);
  await server.start();
  scene.history.note('voter', 'repaired', 'comes back');
}

/** The first server is the one that trouble comes to, where it comes to one. */
export async function begin(
  { scene, ttl: asked }: CellOptions,
  { durable, clock: jumps }: Pick<Trouble, 'durable' | 'clock'>,
) {
  const ttl = Math.max(asked, LEAST_TTL_MS);
  const clock = jumps ? await skewedClock() : undefined;
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
  return { servers, clock, first, second, locking };
}
