import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { now } from '../../clock.js';
import { median } from '../../statistics/quantiles.js';
import { lockNamed } from './compared-locks.js';
import type { Locker, Subject } from './locker.js';
import { SectionLog, type Section } from './section-log.js';

/** What one process of a lock benchmark is told to do with a lock. */
export type Task = Subject & { readonly contender: string } & (
    | {
        readonly role: 'contend';
        readonly callers: number;
        readonly seconds: number;
        readonly sectionMs: number;
      }
    | { readonly role: 'alone'; readonly seconds: number }
    | { readonly role: 'hold' }
  );

export interface Contention {
  readonly sections: readonly Section[];
  /** How long callers had been waiting that were still waiting at the end. */
  readonly unserved: readonly number[];
  /** Commands sent to Redis servers. */
  readonly redisCommands: number;
}

export interface Solitude {
  /** Medians: one acquire and release, two bare round trips. */
  readonly lockMs: number;
  readonly bareMs: number;
}

/** Since when somebody holds the lock. */
export interface Holding {
  readonly enteredAt: number;
}

/** The other side's open connections and waiters are not waited for longer than this, in milliseconds. */
const GOODBYE_MS = 1_000;

/** Under load before it counts, in milliseconds: code that has just been loaded is slow, whatever it does. */
const WARM_UP_MS = 2_000;

/** One process: opens the lock, uses it once, says that it is ready, waits for the start, does its part, reports, ends. */
export async function play(json: string): Promise<void> {
  const task = JSON.parse(json) as Task;
  const redisCommands = countRedisCommands();
  const locker = await lockNamed(task.contender).open(task);
  await locker.run(async () => undefined, new AbortController().signal);
  const end = new AbortController();
  process.once('disconnect', () => process.exit()); // nobody is there to report to
  await report('ready');
  await once(process, 'message');
  switch (task.role) {
    case 'contend':
      await report(await contend(task, locker, end, redisCommands));
      break;
    case 'alone':
      await report(await alone(task, locker, end.signal));
      break;
    case 'hold':
      await report(await hold(locker, end.signal));
      await new Promise(() => undefined); // until it is killed
  }
  end.abort();
  await Promise.race([locker.close().catch(() => undefined), sleep(GOODBYE_MS)]);
  process.exit();
}

const report = (message: object | string) =>
  new Promise<void>((sent) => process.send!(message, undefined, undefined, () => sent()));

async function contend(
  task: Extract<Task, { role: 'contend' }>,
  locker: Locker,
  end: AbortController,
  redisCommands: () => number,
): Promise<Contention> {
  const log = new SectionLog();
  const asking = new Map<number, number>();
  const call = async (caller: number) => {
    while (!end.signal.aborted) {
      const askedAt = now();
      asking.set(caller, askedAt);
      await locker.run(async () => {
        const enteredAt = now();
        asking.delete(caller);
        if (task.sectionMs > 0) await sleep(task.sectionMs);
        if (!end.signal.aborted) log.add(caller, askedAt, enteredAt, now());
      }, end.signal);
    }
  };
  const calls = Array.from({ length: task.callers }, (_, caller) => call(caller));
  for (const running of calls) running.catch(() => undefined); // also when they are stopped at the end
  await Promise.race([sleep(WARM_UP_MS), Promise.all(calls)]);
  log.clear();
  const before = redisCommands();
  await Promise.race([sleep(task.seconds * 1_000), Promise.all(calls)]);
  const endedAt = now();
  const unserved = [...asking.values()].map((askedAt) => endedAt - askedAt);
  end.abort();
  return { sections: log.sections(), unserved, redisCommands: redisCommands() - before };
}

/** By turns, so that what slows the machine slows both. */
async function alone(
  { contender, servers, seconds }: Extract<Task, { role: 'alone' }>,
  locker: Locker,
  signal: AbortSignal,
): Promise<Solitude> {
  const { openRoundTrip } = await import('./round-trips.js');
  const roundTrip = await openRoundTrip(lockNamed(contender).backend, servers);
  await roundTrip();
  const lock: number[] = [];
  const bare: number[] = [];
  const endsAt = now() + seconds * 1_000;
  while (now() < endsAt) {
    const start = now();
    await roundTrip();
    await roundTrip();
    const between = now();
    await locker.run(async () => undefined, signal);
    bare.push(between - start);
    lock.push(now() - between);
  }
  return { lockMs: median(lock), bareMs: median(bare) };
}

/** Takes the lock and never lets go. */
const hold = (locker: Locker, signal: AbortSignal): Promise<Holding> =>
  new Promise((held, failed) => {
    const work = () => {
      held({ enteredAt: now() });
      return new Promise<never>(() => undefined);
    };
    locker.run(work, signal).catch(failed);
  });

/**
 * What clients send. The server cannot tell: its counters include the commands that its scripts call. A handful of lines in
 * place of tracing, which would cost every command some time.
 */
function countRedisCommands(): () => number {
  let commands = 0;
  const sendCommand: Redis['sendCommand'] = Reflect.get(Redis.prototype, 'sendCommand');
  Redis.prototype.sendCommand = function count(...args) {
    commands++;
    return sendCommand.apply(this, args);
  };
  return () => commands;
}
