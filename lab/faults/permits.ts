import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Scene } from './scene.js';

/** A change of who has permits, in the milliseconds of the store's own clock. */
export type PermitChange =
  | { readonly at: number; readonly holder: string; readonly until: number }
  | { readonly at: number; readonly gone: string };

/** How many permits were out at the same moment at most: each from its grant until it was given back or ran out. */
export function permitsAtOnce(changes: readonly PermitChange[]): number {
  const out = new Map<string, number>();
  let most = 0;
  for (const change of changes) {
    if ('gone' in change) out.delete(change.gone);
    else {
      for (const [holder, until] of out) if (until <= change.at) out.delete(holder);
      out.set(change.holder, change.until);
      most = Math.max(most, out.size);
    }
  }
  return most;
}

/** What a command, as MONITOR shows it, changes in the sorted set of a semaphore's holders. */
export function changeIn(key: string, at: number, command: readonly string[]): PermitChange | undefined {
  const [name, of, ...args] = command;
  if (of !== key) return undefined;
  const verb = name!.toUpperCase(); // as its client wrote it
  if (verb === 'ZADD') return { at, holder: args[1]!, until: Number(args[0]) };
  if (verb === 'ZREM') return { at, gone: args[0]! };
  return undefined; // what has run out is out, whether or not it was removed
}

/**
 * Watches a new semaphore, in the keys of libs/lock, from inside its Redis: MONITOR shows every command of every script, in the order and at the
 * time of the server. Nothing is missed, and no process has to be believed.
 */
export async function watchPermits(scene: Scene) {
  const resource = `lab:${randomUUID()}`;
  const redis = new Redis(scene.servers.redis!);
  const monitor = await redis.monitor();
  scene.atEnd(async () => {
    monitor.disconnect();
    redis.disconnect();
  });
  const key = `semaphore:{${resource}}`;
  const changes: PermitChange[] = [];
  const mark = randomUUID();
  monitor.on('monitor', (seconds: string, command: string[]) => {
    if (command[1] === mark) monitor.emit(mark);
    const change = changeIn(key, Number(seconds) * 1_000, command);
    if (change) changes.push(change);
  });
  return {
    resource,
    /** All changes until now. */
    changes: async (): Promise<readonly PermitChange[]> => {
      const seen = once(monitor, mark);
      await redis.echo(mark);
      await seen;
      return changes;
    },
    /** Keys that the semaphore has left, but for the memory of its tokens. */
    leftovers: () => redis.exists(key, `${key}:queue`),
  };
}
