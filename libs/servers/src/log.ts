import { LRUCache } from 'lru-cache';
import { originOf } from './origin.js';

/** The part of a logger that is needed here. Those of Nest and pino both fit. */
export interface Log {
  warn(fields: object, message: string): void;
}

/** In milliseconds. */
const INTERVAL_MS = 10_000;
/** Most causes remembered. There are far fewer, unless a message with varying words counts as many. */
const MOST_CAUSES = 500;

/** Logs one line per cause and interval: while a server is away, thousands of calls fail each second. */
export class ThinnedLog {
  readonly #causes = new LRUCache<string, { readonly until: number; more: number }>({ max: MOST_CAUSES });

  constructor(private readonly log: Log) {}

  /** Logs the error, unless one of the same cause was logged just now. The next line says how many were left out. */
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

/** A short name of the cause, the same for all errors of a kind: the code or, without one, the class. */
export function causeOf(error: unknown): string {
  const { code, message = '', name = 'Error' } = originOf(error);
  if (code !== undefined) return code;
  if (name === 'ReplyError') return message.split(' ', 1)[0]!; // Redis begins with it
  // Errors of clients have no class of their own. Words with digits vary: addresses, times, ids.
  return name === 'Error' ? message.replaceAll(/\S*\d\S*/g, '#') : name;
}
