import { LOCK_TRAITS, runsOut } from '@app/lock';
import type { Backend } from '../../../servers.js';
import type { LockAdapter, LockPromises } from '../../../libraries/adapter.js';
import { driverOfModule } from '../../../libraries/open.js';
import { PUBLISHED } from '../../../libraries/published/index.js';
import { serversOf, WITH_AND_WITHOUT_FENCE } from '../../locks.js';

/** A lock on trial. Durations are in milliseconds. */
export interface Contender {
  /** In the table. */
  readonly name: string;
  /** By what the lab's processes know it. */
  readonly driver: string;
  /** Whether the sale checks its tokens. */
  readonly fence: boolean;
  readonly store: Backend;
  readonly promises: LockPromises;
  /** What it does not promise has to be seen to go wrong: else the trial, or what is said here of the lock, is wrong. */
  readonly known: boolean;
  /** Trials of which that cannot be said. */
  readonly races?: readonly string[];
  readonly leastTtl: number;
  /** How long after the end of the TTL somebody who waits may be let in. */
  readonly slowMs: number;
}

/** On a busy machine, which may have to load a library first. What is over earlier is not waited for. */
const MOMENT_MS = 20_000;

const published: Contender[] = Object.entries(PUBLISHED).flatMap(([name, lock]) => {
  const { store, promises = {}, leastTtl = 0, slowMs = MOMENT_MS, races } = lock;
  const fences = promises.token ? [false, true] : [false];
  return fences.map((fence) => ({
    name,
    driver: name,
    fence,
    store,
    promises,
    known: true,
    races,
    leastTtl,
    slowMs,
  }));
});

/** This project's drivers, as it uses them: with the fence where they give tokens. The default one without it too. */
const own: Contender[] = WITH_AND_WITHOUT_FENCE.filter(
  ({ driver, fence }) => fence || driver === 'redis' || !LOCK_TRAITS[driver].tokens,
).map(({ driver, fence }) => {
  const traits = LOCK_TRAITS[driver];
  const expires = runsOut(traits);
  return {
    name: driver,
    driver,
    fence,
    store: serversOf(driver)[0]!,
    promises: {
      freedBy: expires ? 'ttl' : traits.freedBy === 'nobody' ? 'nobody' : 'connection',
      extends: traits.watchdog,
      token: traits.tokens,
      tellsLoss: expires,
      readsClock: expires,
      ownerChecked: true,
      cancels: true,
      survivesFailover: traits.quorum !== 'no',
    },
    known: true,
    leastTtl: traits.leastTtl,
    slowMs: MOMENT_MS + ((traits.deadTtls ?? 1) - 1) * traits.leastTtl,
  };
});

export const CONTENDERS: readonly Contender[] = [...published, ...own];

/** Somebody's own lock: held to what it promises, and told of the rest. */
export function contenderOf(name: string, address: string, { store, promises = {} }: LockAdapter): Contender {
  const { token = false } = promises;
  return {
    name,
    driver: driverOfModule(address),
    fence: token,
    store,
    promises,
    known: false,
    leastTtl: 0,
    slowMs: MOMENT_MS,
  };
}
