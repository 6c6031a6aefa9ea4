import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../../clock.js';
import type { History } from '../../history.js';
import type { Random } from '../../random.js';

/** Does it. Resolves to what ends it; that resolves to false if it did not end. */
export type Fault = () => Promise<() => Promise<unknown>>;

/** A process, a server, or the connection of one to the other. */
export interface Victim {
  readonly name: string;
  /** Resolves once it can be struck. */
  readonly ready?: () => Promise<unknown>;
  /** By their names. */
  readonly faults: Readonly<Record<string, Fault>>;
}

/** Something that happens to one of several that are alike. Durations are in milliseconds. */
export interface Peril {
  /** The names of those. */
  readonly of: readonly string[];
  readonly fault: string;
  /** How long it lasts at least and at most. Absent: it is over at once, or somebody else ends it. */
  readonly lasts?: readonly [least: number, most: number];
}

export interface Outage {
  readonly victim: string;
  readonly fault: string;
  /** After the beginning. */
  readonly at: number;
  readonly lasts: number;
}

/**
 * Each peril once, in which order, when, for how long and of whom by chance: spread over the time, so that something happens in
 * all of it, and in turns among those that are alike.
 */
export function planOutages(random: Random, perils: readonly Peril[], within: number): Outage[] {
  const turns = new Map<string, string[]>();
  const nextOf = (names: readonly string[]) => {
    const key = names.join();
    if (!turns.get(key)?.length) turns.set(key, random.shuffled(names));
    return turns.get(key)!.pop()!;
  };
  const slot = within / perils.length;
  return random.shuffled(perils).map(({ of, fault, lasts: [least, most] = [0, 0] }, i) => ({
    victim: nextOf(of),
    fault,
    at: Math.round(i * slot) + random.between(0, Math.floor(slot) - 1),
    lasts: random.between(least, most),
  }));
}

/** Lets the outages happen. Those of several victims may overlap; a victim that is not back yet is struck again once it is. */
export async function strike(victims: readonly Victim[], plan: readonly Outage[], history: History) {
  const began = now();
  const outagesOf = async ({ name, ready, faults }: Victim) => {
    for (const { fault, at, lasts } of plan.filter(({ victim }) => victim === name)) {
      await sleep(Math.max(0, began + at - now()));
      await ready?.();
      history.note(`${name} ${fault}`, 'fault');
      const end = await faults[fault]!();
      await sleep(lasts);
      if ((await end()) !== false) history.note(`${name} ${fault}`, 'repaired');
    }
  };
  await Promise.all(victims.map(outagesOf));
}
