import { originOf } from './origin.js';

/** As much of a logger as is needed here; those of Nest and pino both fit. */
export interface Log {
  warn(fields: object, message: string): void;
}

/** In milliseconds. */
const INTERVAL_MS = 10_000;

/** One line per cause and interval: a server that is away fails everything that is asked of it, thousands of times a second. */
export class ThinnedLog {
  readonly #causes = new Map<string, { readonly until: number; more: number }>();

  constructor(private readonly log: Log) {}

  /** Logs the error, unless its like was logged just now. The next line says how many were left out. */
  warn(error: unknown, message: string, fields: object = {}): void {
    const cause = `${message}: ${causeOf(error)}`;
    const now = performance.now();
    const last = this.#causes.get(cause);
    if (last && now < last.until) {
      last.more++;
      return;
    }
    this.#causes.set(cause, { until: now + INTERVAL_MS, more: 0 });
    const unlogged = last && last.more > 0 ? { unlogged: last.more } : {};
    this.log.warn({ ...fields, ...unlogged, err: error }, message);
  }
}

/** A short name of what went wrong, alike for all errors of one kind: its code, if it has one. */
export function causeOf(error: unknown): string {
  const { code, message = '', name } = originOf(error);
  if (code !== undefined) return code;
  // Redis begins with it.
  return name === 'ReplyError' ? message.split(' ', 1)[0]! : message.replaceAll(/\d+/g, '#');
}
