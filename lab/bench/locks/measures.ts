import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../clock.js';
import type { Servers } from '../../servers.js';
import type { ComparedLock } from './compared-locks.js';
import { contentionFigures, type ContentionFigures } from './contention-figures.js';
import { Player } from './player.js';
import type { Solitude, Task } from './roles.js';

export const SECTIONS_MS = [0, 2];
export const contendedName = (sectionMs: number) => `locks, contended, sections of ${sectionMs} ms`;
export const UNCONTENDED = 'locks, uncontended';
export const DEAD_TIME = 'locks, dead time after SIGKILL';

export const PROCESSES = 4;
export const CALLERS = 8;
/** For whatever does not measure what comes after it, in milliseconds. */
const TTL = 10_000;
/** When a dead holder's lock has not come free after this, it counts as never, in milliseconds. */
export const NEVER_AFTER = 60_000;
/** How long the holder that is to be killed has had the lock, and the waiter has waited, in milliseconds. */
const HELD_FOR = 1_000;
export const DEAD_TIME_TTL = 5_000;

const subjectOf = ({ name: contender }: ComparedLock, servers: Servers, ttl = TTL) => ({
  contender,
  servers,
  ttl,
  resource: `bench-${randomUUID()}`,
});

/** {@link PROCESSES} processes with {@link CALLERS} callers each, all on one key. */
export async function contended(
  contender: ComparedLock,
  servers: Servers,
  seconds: number,
  sectionMs: number,
): Promise<ContentionFigures> {
  const role = { role: 'contend', callers: CALLERS, seconds, sectionMs } as const;
  const task = { ...subjectOf(contender, servers), ...role };
  const reports = await together(
    Array.from({ length: PROCESSES }, () => task),
    (players) => Promise.all(players.map((player) => player.play())),
  );
  return contentionFigures(reports, CALLERS, seconds);
}

/** One caller whom nobody contends with. */
export async function uncontended(
  contender: ComparedLock,
  servers: Servers,
  seconds: number,
): Promise<Solitude> {
  const task = { ...subjectOf(contender, servers), role: 'alone', seconds } as const;
  return together([task], ([player]) => player!.play());
}

/** Milliseconds from the SIGKILL of a holder to the grant of the lock to somebody who waits for it; or Infinity. */
export async function deadTime(contender: ComparedLock, servers: Servers): Promise<number> {
  const task = { ...subjectOf(contender, servers, DEAD_TIME_TTL), role: 'hold' } as const;
  return together([task, task], async ([holder, waiter]) => {
    await holder!.play();
    const waiting = waiter!.play();
    await sleep(HELD_FOR);
    const killedAt = now();
    holder!.kill();
    const never = new AbortController();
    const given = waiting.then(({ enteredAt }) => enteredAt - killedAt);
    const bound = sleep(NEVER_AFTER, Infinity, never);
    bound.catch(() => undefined);
    try {
      return await Promise.race([given, bound]);
    } finally {
      never.abort();
      given.catch(() => undefined); // it is killed
      waiter!.kill();
    }
  });
}

/** Starts a process for each task, and leaves none behind. */
async function together<T extends Task, Result>(
  tasks: readonly T[],
  play: (players: readonly Player<T>[]) => Promise<Result>,
): Promise<Result> {
  const starting = await Promise.allSettled(tasks.map((task) => Player.of(task)));
  const players = starting.flatMap((player) => (player.status === 'fulfilled' ? [player.value] : []));
  try {
    for (const player of starting) if (player.status === 'rejected') throw player.reason;
    const result = await play(players);
    await Promise.all(players.map((player) => player.end()));
    return result;
  } catch (error) {
    for (const player of players) player.kill();
    throw error;
  }
}
