import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../../clock.js';
import type { History } from '../../history.js';
import type { Random } from '../../random.js';

/** A process or server that can be killed, and started again where it was with what it had. */
export interface Victim {
  readonly name: string;
  kill(): Promise<unknown>;
  /** Resolves once it is ready. */
  start(): Promise<unknown>;
}

/** Durations are in milliseconds. */
export interface Outage {
  readonly victim: string;
  /** After the beginning. */
  readonly at: number;
  /** From the kill until it is started again. */
  readonly down: number;
}

interface Bounds {
  /** Outages in all; each victim has one if there are as many. */
  readonly count: number;
  /** The time over which they begin, and the shortest and longest of them, in milliseconds. */
  readonly within: number;
  readonly shortest: number;
  readonly longest: number;
}

/**
 * Who is killed, when and for how long, by chance: spread over the time, so that something happens in all of it, and round
 * by round, so that whoever was killed has time to come back and work before it is killed again.
 */
export function planOutages(random: Random, victims: readonly string[], bounds: Bounds): Outage[] {
  const { count, within, shortest, longest } = bounds;
  const left = [...victims];
  const round = victims.map(() => left.splice(random.between(0, left.length - 1), 1)[0]!);
  const slot = within / count;
  return Array.from({ length: count }, (_, i) => ({
    victim: round[i % round.length]!,
    at: Math.round(i * slot) + random.between(0, Math.floor(slot) - 1),
    down: random.between(shortest, longest),
  }));
}

/** Lets the outages happen. Those of several victims may overlap; a victim that is not back yet is killed once it is. */
export async function strike(victims: readonly Victim[], plan: readonly Outage[], history: History) {
  const began = now();
  const note = (actor: string, kind: 'fault' | 'repaired', detail?: string) =>
    history.record({ at: now(), actor, kind, detail });
  const outagesOf = async (victim: Victim) => {
    for (const { at, down } of plan.filter(({ victim: name }) => name === victim.name)) {
      await sleep(Math.max(0, began + at - now()));
      note(victim.name, 'fault', `SIGKILL, down for ${down} ms`);
      await victim.kill();
      await sleep(down);
      await victim.start();
      note(victim.name, 'repaired');
    }
  };
  await Promise.all(victims.map(outagesOf));
}
