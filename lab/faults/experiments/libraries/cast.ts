import type { Actor } from '../../actor.js';
import type { Scene } from '../../scene.js';

/** Processes that have loaded the lock and opened its connections: on a busy machine that alone may take longer than a TTL. */
export async function cast(driver: string, scene: Scene, ...names: string[]): Promise<Actor[]> {
  const actors = await scene.actors(...names);
  await Promise.all(actors.map(({ calls }) => calls.open(driver)));
  return actors;
}
