import { Logger, type INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Parts } from './parts.js';

/** With what a process ends, besides 128 + the number of the signal that ended it at once. */
export const EXIT = {
  /** Everything has ended in time. */
  ended: 0,
  /** It could not start, or an error was caught by nobody. */
  failed: 1,
  /** Something did not end, or not in time, and was left behind; the log names it. EX_TEMPFAIL of sysexits(3). */
  leftBehind: 75,
} as const;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** An application that serves until the process is told to end. */
export interface Service {
  /** It does not listen yet. */
  readonly app: INestApplication<Server>;
  readonly host: string;
  readonly port: number;
  /** From the signal until it stops to listen, in milliseconds: it goes on serving meanwhile. */
  readonly graceMs: number;
  /** From then until it leaves at the latest, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Beginning {
  /** Errors for whoever has started the process: their message is all that is shown. */
  readonly expected: readonly (new (...args: never[]) => Error)[];
  /**
   * Resolves to what shall serve, or to nothing if all is done.
   *
   * @param ending aborts the moment the process is told to end
   */
  readonly boot: (ending: AbortSignal) => Promise<Service | void>;
}

/** How every process of this project begins and ends. Resolves once it serves. */
export async function runProcess({ expected, boot }: Beginning): Promise<void> {
  const ending = new AbortController();
  let end: ((signal: NodeJS.Signals) => Promise<void>) | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    // Before it takes any work there is nothing to end, and who tells it twice does not want to wait.
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
  await sleep(graceMs);
  setTimeout(leave, timeoutMs);
  await parts.begun(begun);
  await app.close();
  return leave();
}
