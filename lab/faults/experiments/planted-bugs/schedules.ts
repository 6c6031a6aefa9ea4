import { Redis } from 'ioredis';
import { plantedKeys } from '../../actor/planted/lock.js';
import type { CheckoutResult } from '../../actor/protocol.js';
import type { Player } from '../../player.js';
import type { Scene } from '../../scene.js';

/** Three processes and where they are: each schedule is forced by halting them, for the broken lock and for the sound one. */
export interface Cast {
  readonly scene: Scene;
  readonly resource: string;
  readonly first: Player<CheckoutResult>;
  readonly second: Player<CheckoutResult>;
  readonly third: Player<CheckoutResult>;
  /** Of the first one's lease, in milliseconds. */
  readonly ttl: number;
  /** How long somebody is given who may be kept out by a sound lock, in milliseconds. */
  readonly patience: number;
  /** For as long as the seed wants, somebody waits. */
  readonly pause: () => Promise<void>;
  /** Whether the defect is there. */
  readonly planted: boolean;
}

/** Resolves to whether it happened as it was meant to. */
export type Schedule = (cast: Cast) => Promise<boolean>;

/** The first sleeps through its TTL with its work done; awake, it gives back what is the second's by then. The third comes. */
export const releasesTooLate: Schedule = async ({ scene, first, second, third, patience, pause }) => {
  await first.startTo('committed');
  await pause();
  first.actor.stop();
  const inTime = await second.startTo('read');
  first.actor.continue();
  await first.goOn();
  await third.startTo('committed', patience);
  await second.goOn();
  await third.goOn();
  return inTime && grantedWhilePaused(scene);
};

/** The first unlocks, the second gets in, the first unlocks again. The third comes. */
export const unlocksTwice: Schedule = async ({ first, second, third, patience, pause }) => {
  const unlocked = await first.startTo('unlocked');
  await pause();
  const inTime = await second.startTo('read');
  await first.goOn();
  await third.startTo('committed', patience);
  await second.goOn();
  await third.goOn();
  return unlocked && inTime;
};

/** The first has written and not committed, or not given back the lock. The second comes, and reads. */
export const readsBeforeCommit: Schedule = async ({ first, second, patience, planted, pause }) => {
  const written = await first.startTo(planted ? 'released' : 'committed');
  await pause();
  await second.startTo('read', patience);
  await first.goOn();
  await second.goOn();
  return written;
};

/** The first has read and works for longer than its TTL. The second comes. */
export const worksLongerThanTtl: Schedule = async ({ first, second, ttl, patience, pause }) => {
  const read = await first.startTo('read');
  await pause();
  await second.startTo('committed', ttl + patience);
  await first.goOn();
  await second.goOn();
  return read;
};

/** The first sleeps through its TTL just before its write. It leaves when the second has written, or at `read` has not yet. */
export const wakesAfter =
  (point: 'read' | 'committed'): Schedule =>
  async ({ scene, first, second, pause }) => {
    const { actor } = first;
    await first.startTo('writing');
    await pause();
    actor.stop();
    await second.startTo(point);
    actor.continue();
    await first.goOn();
    await second.goOn();
    return grantedWhilePaused(scene);
  };

/** The store forgets lock and counter while the first is about to write, as a replica does that lagged. The second comes. */
export const forgetsTokens: Schedule = async ({ scene, resource, first, second, pause }) => {
  await first.startTo('writing');
  const redis = new Redis(scene.servers.redis!);
  scene.atEnd(async () => redis.disconnect());
  await pause();
  scene.history.note('redis', 'fault', 'lock and counter are gone');
  await redis.del(...plantedKeys(resource));
  await second.startTo('committed');
  await first.goOn();
  await second.goOn();
  const [token, again] = scene.history.holds().map((hold) => hold.token);
  return token !== undefined && token === again;
};

function grantedWhilePaused({ history }: Scene): boolean {
  const granted = history.find('second', 'granted');
  return granted !== undefined && granted.at < history.find('first', 'continued')!.at;
}
