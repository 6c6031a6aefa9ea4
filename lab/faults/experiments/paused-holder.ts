import { LOCK_TRAITS, runsOut } from '@app/lock';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Observation } from '../cell.js';
import { harmsOf, holdersAtOnce, tokensNotGrowing } from '../checks.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import { serversOf, ttlOf, WITH_AND_WITHOUT_FENCE, type LabLock } from '../locks.js';
import { settle, unsettled } from '../settle.js';

/** For what a busy machine may be late with, in milliseconds. */
const ALLOWANCE_MS = 15_000;

export const pausedHolder: Experiment = {
  name: 'paused-holder',
  title: 'the holder sleeps through its TTL, wakes up and writes',
  explanation: `One unit is left. A process takes the lock, reads the stock, looks at its lease once more, and is frozen (SIGSTOP) just before its write leaves:
a long garbage collection, a virtual machine that is moved, a laptop lid. Its lease runs out, another process is granted the lock, reads one unit
and sells it. Then the first one wakes up (SIGCONT) and its write goes out. No check in the process can prevent that: it was made, and was true.
Without a fence the unit is sold twice, whatever the lock, consensus stores included, since all of them end a lease by a clock. With the fence, the
database refuses the write: the row carries the newer token, and the order is settled again under a new lease. Locks that no clock ends (a
database connection, a row without expiry) are safe here, at the price that everybody waits as long as the pause lasts. The zombie
time is how long the sleeper went on believing: from the grant to its successor until its own signal told it.`,
  sources: [
    {
      title: 'Kleppmann, How to do distributed locking (2016)',
      url: 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html',
    },
    { title: 'Jepsen: etcd 3.4.3, on its locks', url: 'https://jepsen.io/analyses/etcd-3.4.3' },
  ],
  atOnce: 6,
  cells: WITH_AND_WITHOUT_FENCE.map(({ driver, fence }): CellPlan => ({
    driver,
    fence,
    expected: runsOut(LOCK_TRAITS[driver]) && !fence ? 'UNSAFE' : 'SAFE',
    needs: serversOf(driver),
    run: (options) => pause(driver, fence, options),
  })),
};

async function pause(
  driver: LabLock,
  fence: boolean,
  { scene, ttl: asked }: CellOptions,
): Promise<Observation> {
  const ttl = ttlOf(driver, asked);
  const traits = LOCK_TRAITS[driver];
  const expires = runsOut(traits);
  const longest = (expires ? traits.deadTtls! : 1) * ttl + (traits.deadExtraMs ?? 0) + ALLOWANCE_MS;
  const locking = { driver, fence, ttl, wait: longest + ALLOWANCE_MS };
  const [sleeper, other] = await scene.actors('sleeper', 'other');
  const stage = await scene.sale(1);
  const [first, second] = [stage.order(), stage.order()];

  const { goOn, ended: sleeping } = await sleeper!.beginTo('writing', () =>
    sleeper!.calls.checkout({ ...locking, order: first }),
  );
  await sleep(scene.random.between(0, ttl / 4));
  sleeper!.stop();
  goOn(); // it hears of that when it wakes up: nothing is between it and its write any more
  const selling = settle(other!, { ...locking, order: second });
  await Promise.race([selling, sleep(expires ? longest : 1.5 * ttl)]);
  sleeper!.continue();

  const ended = await sleeping;
  const sold = await selling;
  // What was refused is tried again, as the worker does it: it must find the stock as it really is.
  const again = 'error' in ended ? await settle(sleeper!, { ...locking, order: first }) : ended;

  const { history } = scene;
  const granted = history.find('other', 'granted');
  const woken = history.find('sleeper', 'continued')!;
  const lost = history.find('sleeper', 'lost');
  const whilePaused = granted !== undefined && granted.at < woken.at;
  const harms = harmsOf(await stage.audit(), await stage.movements());
  return {
    harms,
    fired: expires ? whilePaused : !whilePaused,
    violations: [
      ...unsettled([sold, again]),
      ...(tokensNotGrowing(history.holds()) > 0 ? ['the tokens of the lock do not grow'] : []),
    ],
    figures: {
      pausedMs: woken.at - history.find('sleeper', 'stopped')!.at,
      holdersAtOnce: holdersAtOnce(history.holds()),
      ...(whilePaused && lost && { zombieMs: lost.at - granted.at }),
    },
    account: accountOf({ whilePaused, harms, refused: history.find('sleeper', 'refused') !== undefined }),
    timeline: history.events,
  };
}

function accountOf(seen: { whilePaused: boolean; harms: readonly string[]; refused: boolean }): string {
  if (!seen.whilePaused) return 'the sleeper kept the lock; the other waited until it woke up';
  if (seen.harms.length > 0) return `both wrote: ${seen.harms.join(', ')}`;
  return seen.refused
    ? 'granted twice; the write of the sleeper was refused by the fence'
    : 'granted twice; the sleeper noticed before it wrote';
}
