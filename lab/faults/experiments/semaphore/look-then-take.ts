import type { Observation } from '../../cell.js';
import type { CellOptions } from '../../experiment.js';
import { permitsAtOnce, watchPermits } from '../../permits.js';

/** One process more than there are permits: each sees that one is free before any of them takes it. */
export async function lookThenTake({ scene, ttl }: CellOptions): Promise<Observation> {
  const { history, random } = scene;
  const permits = random.between(1, 3);
  const { resource, changes } = await watchPermits(scene);
  const takers = await scene.actors(...Array.from({ length: permits + 1 }, (_, i) => `taker ${i + 1}`));
  const task = { driver: 'planted:check-then-add', fence: false, ttl, wait: ttl, resource, permits };

  const looked = takers.map((taker) => taker.haltAt('counted'));
  const taking = Promise.all(takers.map((taker) => taker.calls.permit(task)));
  taking.catch(() => undefined); // told when it is awaited
  const take = await Promise.all(looked);
  const granted = takers.map((taker) => taker.haltAt('granted'));
  for (const goOn of random.shuffled(take)) goOn();
  const leave = await Promise.all(granted);
  const atOnce = permitsAtOnce(await changes());
  for (const goOn of leave) goOn();
  const errors = (await taking).filter((error) => error !== undefined);
  return {
    harms: atOnce > permits ? [`${atOnce} permits at once, of ${permits}`] : [],
    fired: true, // else somebody would not have come to where it was to be halted
    violations: errors.map((error) => `a process ended with ${error}`),
    figures: { permits, permitsAtOnce: atOnce },
    account: `${atOnce} had a permit at once, of ${permits}`,
    timeline: history.events,
  };
}
