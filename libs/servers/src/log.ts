import { LRUCache } from 'lru-cache';
import { originOf } from './origin.js';

/** As much of a logger as is needed here; those of Nest and pino both fit. */
export interface Log {
  warn(fields: object, message: string): void;
}

/** In milliseconds. */
const INTERVAL_MS = 10_000;
/** Causes that are remembered. There are far fewer, unless a message that varies is taken for one. */
const MOST_CAUSES = 500;

/** One line per cause and interval: a server that is away fails everything that is asked of it, thousands of times a second. */
export class ThinnedLog {
  readonly #causes = new LRUCache<string, { readonly until: number; more: number }>({ max: MOST_CAUSES });

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

/** A short name of what went wrong, alike for all errors of one kind: its code or, if it has none, its class. */
export function causeOf(error: unknown): string {
  const { code, message = '', name = 'Error' } = originOf(error);
  if (code !== undefined) return code;
  if (name === 'ReplyError') return message.split(' ', 1)[0]!; // Redis begins with it
  // Errors of clients have no class of their own. Words with digits are what they name: addresses, times, ids.
  return name === 'Error' ? message.replaceAll(/\S*\d\S*/g, '#') : name;
}
