import { setTimeout as sleep } from 'node:timers/promises';
import { startCassandraCluster } from '../../../local/services/cassandra.js';
import { now } from '../../clock.js';
import type { Observation } from '../cell.js';
import { longestPause } from '../checks.js';
import type { CellOptions } from '../experiment.js';
import { grants } from '../grants.js';
import { ongoingSale } from '../ongoing-sale.js';

/** Longer than a client waits for the answer to one command, in milliseconds. */
const FROZEN_MS = 2_000;
const ROUNDS = 3;

/**
 * Three nodes of Cassandra are struck one after the other, each with transactions on their way through it: frozen until nobody waits for
 * its answers any more; then it goes on with what it was asked, or is killed and comes back.
 */
export async function strikeCoordinators({ scene, ttl }: CellOptions): Promise<Observation> {
  const { history, random } = scene;
  const nodes = await startCassandraCluster();
  const sale = await ongoingSale(scene, 'cassandra', nodes, ttl);

  const struckFrom = now();
  for (let round = 0; round < ROUNDS; round++) {
    await grants(history, random.between(3, 6));
    const coordinator = nodes[round % nodes.length]!;
    history.note('coordinator', 'fault', 'frozen');
    const goOn = await coordinator.freeze();
    await sleep(FROZEN_MS);
    if (round < ROUNDS - 1) goOn();
    else await scene.kill('coordinator', coordinator);
    history.note('coordinator', 'repaired', 'goes on');
    if (round === ROUNDS - 1) await coordinator.start();
  }
  await grants(history, 5);
  const pausedMs = longestPause(history, struckFrom, now());

  const { harms, violations, orders } = await sale.end();
  return {
    harms,
    fired: orders > 0,
    violations,
    figures: { orders, longestPauseMs: pausedMs },
    account: `${ROUNDS} coordinators struck with transactions on their way; no grants for ${Math.round(pausedMs)} ms at most; ${orders} orders settled`,
    timeline: history.events,
  };
}
