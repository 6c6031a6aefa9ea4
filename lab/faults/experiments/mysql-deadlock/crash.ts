import { setTimeout as sleep } from 'node:timers/promises';
import type { Point } from '../../actor/protocol.js';
import type { Observation } from '../../cell.js';
import { harmsOf, tokensNotGrowing } from '../../checks.js';
import { deleteKey } from '../../delete-key.js';
import type { CellOptions } from '../../experiment.js';
import type { LabLock } from '../../locks.js';
import { Player } from '../../player.js';
import { settle, unsettled } from '../../settle.js';

const POINTS: readonly Point[] = ['granted', 'read', 'writing', 'committed'];
/** For what a busy machine may be late with, in milliseconds. */
const ALLOWANCE_MS = 5_000;
/** For a lock that nobody holds, opened on a busy machine, in milliseconds. */
const FIRST_WAIT_MS = 30_000;
const WAITERS = ['waiter 1', 'waiter 2'];

/** The holder is killed while others wait. If nobody is granted the lock within twice its TTL, an operator deletes the row. */
export async function crashes(
  driver: Extract<LabLock, 'mysql-key' | 'mysql-key-lease'>,
  fence: boolean,
  { scene, ttl }: CellOptions,
): Promise<Observation> {
  const { history, random } = scene;
  const [holder, ...waiters] = await scene.actors('holder', ...WAITERS);
  const stage = await scene.sale(1 + WAITERS.length);
  const [first, ...others] = [holder!, ...waiters].map(() => stage.order());
  const bound = 2 * ttl;
  const locking = { driver, fence, ttl };
  const victim = holder!.calls;
  const doomed = new Player(holder!, () =>
    victim.checkout({ ...locking, wait: FIRST_WAIT_MS, order: first! }).catch(() => ({ error: 'killed' })),
  );
  const point = random.pick(POINTS);
  const fired = await doomed.startTo(point);
  const waiting = waiters.map((waiter, i) =>
    waiter.calls.checkout({ ...locking, wait: 2 * bound + ALLOWANCE_MS, order: others[i]! }),
  );
  await sleep(random.between(ttl / 20, ttl / 4));
  const killedAt = await holder!.kill('SIGKILL');
  const grants = () =>
    history.events.flatMap(({ kind, actor, at }) => (kind === 'granted' && actor !== 'holder' ? at : []));
  await Promise.race([Promise.all(waiting), sleep(bound + ALLOWANCE_MS)]);
  const deadTimeMs = grants().map((at) => at - killedAt);
  const blocked = deadTimeMs.length === 0;
  if (blocked) {
    history.note('operator', 'fault', 'deletes the row');
    await deleteKey(scene.servers.mysql!, stage.resource);
  }
  const ended = await Promise.all([
    ...waiting.map((result, i) =>
      settle(waiters[i]!, { ...locking, wait: bound, order: others[i]! }, result),
    ),
    settle(waiters[0]!, { ...locking, wait: bound, order: first! }),
  ]);
  const audit = await stage.audit();
  const harms = harmsOf(audit, await stage.movements());
  if (blocked)
    harms.push(`deadlock: nobody was granted the lock within ${bound + ALLOWANCE_MS} ms of the crash`);
  return {
    harms,
    fired,
    violations: [
      ...unsettled(ended),
      ...(audit.held === 1 + WAITERS.length ? [] : [`${audit.held} orders hold stock in the end`]),
      ...(tokensNotGrowing(history.holds()) > 0 ? ['the tokens of the lock do not grow'] : []),
      ...(deadTimeMs[0]! < ttl / 4
        ? ['somebody was granted the lock before the lease of the dead holder ran out']
        : []),
    ],
    figures: { ...(!blocked && { deadTimeMs: deadTimeMs[0]! }) },
    account: blocked
      ? `killed at ${point}: nobody was granted the lock until an operator deleted its row; then all went on`
      : `killed at ${point}: the next was granted the lock ${Math.round(deadTimeMs[0]!)} ms later`,
    timeline: history.events,
  };
}
