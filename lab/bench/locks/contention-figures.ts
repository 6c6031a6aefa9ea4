import { quantile } from '../../statistics/quantiles.js';
import type { Contention } from './roles.js';
import type { Section } from './section-log.js';

/** What one run of contenders on one key amounts to. */
export interface ContentionFigures {
  /** The holder changed from one caller to another; to take the lock again at once is none. */
  readonly handOffsPerSecond: number;
  readonly acquisitionsPerSecond: number;
  /** Of those too who were still waiting at the end, for as long as they had been by then. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly waitMaxMs: number;
  /** Of the callers' acquisitions: 1 if all had the same number, 1/n if one had all. (Jain, Chiu, Hawe 1984) */
  readonly jain: number;
  /** Callers that never had the lock. */
  readonly starved: number;
  /** Sections that began before another one had ended: a lock has none. */
  readonly overlaps: number;
  /** Sent by clients, to all Redis servers together; NaN where there are none. */
  readonly redisCommandsPerAcquisition: number;
}

/** @param processes one report of each, all with the same number of callers */
export function contentionFigures(
  processes: readonly Contention[],
  callers: number,
  seconds: number,
): ContentionFigures {
  const held = processes
    .flatMap(({ sections }, process) => sections.map((section) => ({ ...section, process })))
    .sort((a, b) => a.enteredAt - b.enteredAt);
  const waits = [...held.map(waitOf), ...processes.flatMap(({ unserved }) => unserved)].sort((a, b) => a - b);
  const shares = new Map<string, number>();
  let handOffs = 0;
  let overlaps = 0;
  let last: string | undefined;
  let leftAt = -Infinity;
  for (const section of held) {
    const holder = `${section.process}:${section.caller}`;
    shares.set(holder, (shares.get(holder) ?? 0) + 1);
    if (last !== undefined && last !== holder) handOffs++;
    if (section.enteredAt < leftAt) overlaps++;
    last = holder;
    leftAt = Math.max(leftAt, section.leftAt);
  }
  const commands = processes.reduce((sum, { redisCommands }) => sum + redisCommands, 0);
  return {
    handOffsPerSecond: handOffs / seconds,
    acquisitionsPerSecond: held.length / seconds,
    waitP50Ms: quantile(waits, 0.5),
    waitP99Ms: quantile(waits, 0.99),
    waitMaxMs: quantile(waits, 1),
    jain: jain([...shares.values()], processes.length * callers),
    starved: processes.length * callers - shares.size,
    overlaps,
    redisCommandsPerAcquisition: commands > 0 ? commands / held.length : Number.NaN,
  };
}

const waitOf = ({ askedAt, enteredAt }: Section) => enteredAt - askedAt;

function jain(shares: readonly number[], callers: number): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share ** 2, 0);
  return sum ** 2 / (callers * squares);
}
