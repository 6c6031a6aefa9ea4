import { Logger, type INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Parts } from './parts.js';

/** Exit codes, besides 128 + the number of a signal that ended the process at once. */
export const EXIT = {
  /** Everything ended in time. */
  ended: 0,
  /** It could not start, or nobody caught an error. */
  failed: 1,
  /** A part did not end in time and was left behind; the log names it. EX_TEMPFAIL of sysexits(3). */
  leftBehind: 75,
} as const;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** An application that serves until the process is told to end. */
export interface Service {
  /** It does not listen yet. */
  readonly app: INestApplication<Server>;
  readonly host: string;
  readonly port: number;
  /** In milliseconds: how long it goes on serving after the signal, if it has begun to. */
  readonly graceMs: number;
  /** In milliseconds: how long it may take to exit after that. */
  readonly timeoutMs: number;
}

export interface Beginning {
  /** Errors that whoever starts the process can mend: only their message is shown. */
  readonly expected: readonly (new (...args: never[]) => Error)[];
  /**
   * Resolves to the service, or to nothing if all is done.
   *
   * @param ending aborts the moment the process is told to end
   */
  readonly boot: (ending: AbortSignal) => Promise<Service | void>;
}

/** Starts and ends a process of this project. Resolves once it serves. */
export async function runProcess({ expected, boot }: Beginning): Promise<void> {
  const ending = new AbortController();
  let end: ((signal: NodeJS.Signals) => Promise<void>) | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    // Before it serves there is nothing to end, and a second signal means: do not wait.
    if (!end || ending.signal.aborted) process.exit(128 + constants.signals[signal]);
    ending.abort();
    void end(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtException', (error, origin) => {
    if (end) new Logger('Process').fatal({ err: error, msg: origin });
    else console.error(error);
    process.exit(EXIT.failed);
  });

  try {
    const service = await boot(ending.signal);
    if (!service) process.exit(EXIT.ended);
    const parts = new Parts(service.app, service.timeoutMs);
    const begun = service.app.listen(service.port, service.host);
    end = (signal) => endOf(service, parts, begun, signal);
    await begun;
  } catch (error) {
    const isExpected = expected.some((kind) => error instanceof kind);
    console.error(isExpected ? (error as Error).message : error);
    process.exit(EXIT.failed);
  }
}

async function endOf(
  { app, graceMs, timeoutMs }: Service,
  parts: Parts,
  begun: Promise<unknown>,
  signal: string,
): Promise<never> {
  const logger = new Logger('Process');
  const leave = () => {
    const { unfinished } = parts;
    if (unfinished.length === 0) process.exit(EXIT.ended);
    logger.error(`ends without ${unfinished.join(', ')}, which did not end in time`);
    process.exit(EXIT.leftBehind);
  };
  logger.log(`${signal}: ends within ${graceMs + timeoutMs} ms`);
  setTimeout(leave, graceMs + timeoutMs);
  parts.drain();
  if (await parts.begun(begun)) await sleep(graceMs);
  await app.close();
  return leave();
}
