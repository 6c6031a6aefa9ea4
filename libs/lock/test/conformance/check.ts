import { setTimeout as sleep } from 'node:timers/promises';
import { TOKENS_PER_TURN } from '../../src/turns/turn.js';
import { LockError, type LockTraits } from '../../src/index.js';
import { RemoteError } from '../support/contender-process.js';
import { eventually } from '../support/eventually.js';
import type { Place } from '../support/stores/store.js';
import type { Subject } from '../support/subject.js';

/** One point of the suite. It knows of no test runner's structure, so that it can be held against a broken driver too. */
export interface Check {
  readonly title: string;
  /** Whether it is asked of a driver with these traits. Absent: of all. */
  readonly applies?: (traits: LockTraits) => boolean;
  /** Only where the server is the suite's own. */
  readonly crashesServer?: true;
  /** Throws if the driver does something else. */
  run(subject: Subject): Promise<void>;
}

/**
 * How an attempt to lock ended: `granted`, or the code of the LockError.
 *
 * @throws any other error: drivers may throw none
 */
export async function outcomeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'granted';
  } catch (error) {
    if (error instanceof LockError || (error instanceof RemoteError && !error.code.startsWith('?'))) {
      return error.code;
    }
    throw error;
  }
}

export const nothing = async () => undefined;

/** Resolves to the places in a queue once there are so many. */
export async function queued(
  { store }: Subject,
  resource: string,
  count: number,
  withinMs?: number,
): Promise<Place[]> {
  let places: Place[] = [];
  const seen = async () => (places = await store.sessions!.queue(resource)).length === count;
  await eventually(`${count} contenders are queued`, seen, withinMs);
  return places;
}

/** Until the store sees so many waiting processes; where it cannot tell, until they have had the time to ask. */
export async function seenWaiting(
  { traits, store: { waiters } }: Subject,
  resource: string,
  count: number,
): Promise<void> {
  if (traits.order === 'none' || !waiters) await sleep(500);
  else await eventually(`${count} wait`, async () => (await waiters(resource)) >= count);
}

/** The token of who is the first to have the lock while this place is at the front: the callers of a process share it. */
export const tokenOf = ({ created }: Place) => created * BigInt(TOKENS_PER_TURN);
