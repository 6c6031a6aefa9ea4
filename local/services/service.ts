import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExpectedError } from '../expected-error.js';
import { LocalProcess, type Command } from '../processes/local-process.js';
import { currentRun } from '../processes/run.mjs';

/** A server. Only one that this run started as a program of its own can be killed, frozen and started again. */
export interface Service {
  readonly url: string;
  /** Where it keeps its data; absent where that is not known here. */
  readonly data?: string;
  /** The file with its output; absent where somebody else runs it. */
  readonly log?: string;
  /** Ends it, unless it is the user's own. */
  stop(): Promise<void>;
  /** Crashes it, at once: no farewell to clients, nothing written any more. */
  kill(): Promise<void>;
  /** Stops it where it is: nobody is told, and its connections stay open. Resolves to what lets it go on. */
  freeze(): Promise<() => void>;
  /** Starts it again after `stop` or `kill`: at the same URL, with the data it had. Resolves once it is ready. */
  start(): Promise<void>;
}

export interface Server {
  name: string;
  url: string;
  command: Command;
  isReady: (url: string) => Promise<boolean>;
  stopSignal?: NodeJS.Signals;
  data?: string;
}

const answerMs = 10_000;
const instances = new Map<string, number>();

/** A name for one more server of its kind, unique within the run. */
export function nextName(kind: string): string {
  const number = (instances.get(kind) ?? 0) + 1;
  instances.set(kind, number);
  return `${kind}-${number}`;
}

/** A directory for the data of a server, which live no longer than the run. */
export async function dataDirectory(name: string): Promise<string> {
  const directory = join(currentRun().directory, name);
  await mkdir(directory);
  return directory;
}

/** Starts a server that outlives what uses it. */
export async function startServer({ url, isReady, data, ...options }: Server): Promise<Service> {
  const server = new LocalProcess({ ...options, isReady: () => isReady(url), stopLast: true });
  await server.start();
  const stop = () => server.stop();
  // A container is removed when it ends, with its data.
  if (options.command.file === 'docker')
    return { url, log: server.logFile, stop, ...notOurs(`${options.name} runs in a container`) };
  return {
    url,
    data,
    log: server.logFile,
    stop,
    kill: () => server.crash(),
    freeze: async () => {
      server.freeze();
      return () => server.thaw();
    },
    start: async () => void (await server.start()),
  };
}

/** Starts the members of a cluster, none of which may be ready before the others are. If one fails, none is left. */
export async function startTogether(members: readonly Server[]): Promise<Service[]> {
  const starts = await Promise.allSettled(members.map(startServer));
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = starts.find((start) => start.status === 'rejected');
  if (!failed) return started;
  await Promise.all(started.map((member) => member.stop()));
  throw failed.reason;
}

/** A server that somebody else runs: it must answer, and it is not ours to stop. */
export async function external(
  variable: string,
  url: string,
  isReady: (url: string) => Promise<boolean>,
): Promise<Service> {
  const deadline = Date.now() + answerMs;
  while (!(await isReady(url).catch(() => false))) {
    if (Date.now() > deadline)
      throw new ExpectedError(`Nothing answers at ${variable} within ${answerMs / 1000} s.`);
    await delay(200);
  }
  return { url, stop: async () => {}, ...notOurs(`${variable} names a server that somebody else runs`) };
}

function notOurs(why: string): Pick<Service, 'kill' | 'freeze' | 'start'> {
  const refuse = () =>
    Promise.reject(new ExpectedError(`${why}: it cannot be killed, frozen or started again here.`));
  return { kill: refuse, freeze: refuse, start: refuse };
}
