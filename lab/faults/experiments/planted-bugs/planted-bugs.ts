import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckoutResult, CheckoutTask } from '../../actor/protocol.js';
import type { Observation } from '../../cell.js';
import type { CellOptions, CellPlan, Experiment } from '../../experiment.js';
import { findingsIn, insideAtOnce, miscaught, type Checker } from '../../findings.js';
import { Player } from '../../player.js';
import { BUGS, type Bug } from './bugs.js';

/** How long somebody is given who may be kept out by a sound lock, in milliseconds; and whom a broken one lets in. */
const PATIENCE_MS = 3_000;
const CERTAIN_MS = 20_000;

export const plantedBugs: Experiment = {
  name: 'planted-bugs',
  title: 'locks that are broken on purpose: does the lab notice?',
  explanation: `A laboratory that never sees harm may be blind. So defects that real code bases have had are planted, one at a time, into a small lock or into
the section under it: an unlock that deletes whatever lock is there; an unlock that is sent again and takes a successor on the same machine for
itself; work that outlasts a TTL which nothing extends; a commit after the lock was given back, as when a transaction is wrapped around the
lock; a token that is recorded and never compared; a token that is compared in the write alone, so that a stale write slips between
the new holder's read and its write; a token that two holders have since the store lost its counter in a failover. Each runs on a schedule
that forces the case, by halting processes at points, and must be caught by exactly the checkers that are responsible for it: the mutual
exclusion of the section, the chain of stock movements, the order of tokens in the ledger, the audit of the units. The control is
the same schedule with the lock and the section as they should be, and nothing may be found there.`,
  sources: [
    {
      title: 'Redis: distributed locks, on releasing safely',
      url: 'https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/',
    },
    {
      title: 'Kleppmann, How to do distributed locking (2016)',
      url: 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html',
    },
  ],
  atOnce: 3,
  cells: BUGS.flatMap((bug) => [cellOf(bug, true), cellOf(bug, false)]),
};

function cellOf(bug: Bug, planted: boolean): CellPlan {
  return {
    driver: `${planted ? 'planted' : 'control'}:${bug.name}`,
    fence: bug.fence ?? false,
    expected: planted ? 'UNSAFE' : 'SAFE',
    needs: ['redis'],
    run: (options) => play(bug, planted, options),
  };
}

async function play(
  { lock, soundLock = lock, section, fence = false, caughtBy, stock = 1, schedule }: Bug,
  planted: boolean,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const driver = planted ? lock : soundLock;
  const stage = await scene.sale(stock);
  const players = (await scene.actors('first', 'second', 'third')).map((actor, i) => {
    // The first one's lease is the one that runs out.
    const locking = { driver, fence, ttl: i === 0 ? ttl : 10 * ttl, wait: 5 * ttl };
    const task: CheckoutTask = { ...locking, order: stage.order(), section: planted ? section : undefined };
    return new Player(actor, () => actor.calls.checkout(task));
  });
  const [first, second, third] = players as [
    Player<CheckoutResult>,
    Player<CheckoutResult>,
    Player<CheckoutResult>,
  ];
  const fired = await schedule({
    scene,
    first,
    second,
    third,
    planted,
    ttl,
    resource: stage.resource,
    patience: planted ? CERTAIN_MS : PATIENCE_MS,
    pause: () => sleep(scene.random.between(0, ttl / 10)),
  });
  const violations: string[] = [];
  for (const { actor, ended, call } of players) {
    let result = await ended;
    // What left nothing settled is tried again, as the worker does it.
    if (result && 'error' in result) result = await call();
    if (result && 'error' in result) violations.push(`the order of ${actor.name} ended with ${result.error}`);
  }
  const { history } = scene;
  const inside = insideAtOnce(history);
  const found = findingsIn(await stage.audit(), await stage.movements(), fence ? undefined : inside);
  if (planted) violations.push(...miscaught(found, caughtBy));
  return {
    harms: [...found].map(([checker, count]) => `${checker}: ${count}`),
    fired,
    violations,
    figures: { insideAtOnce: inside },
    account: accountOf(found, planted),
    timeline: history.events,
  };
}

function accountOf(found: ReadonlyMap<Checker, number>, planted: boolean): string {
  if (found.size > 0) return `caught by: ${[...found.keys()].join(', ')}`;
  return planted
    ? 'nothing was found, though something should have been'
    : 'nothing to find, and nothing found';
}
