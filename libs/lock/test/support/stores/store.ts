import type { BackendUrls } from '../backends.js';

/** A driver's real server as the suite uses it: what no driver offers, and only an operator can do or see. */
export interface Store {
  readonly backends: BackendUrls;
  /** What is in the store and who is connected, by kind. Not the observer's own connection. */
  readonly footprint: () => Promise<Record<string, number>>;
  /** Takes the lock from its holder: deletes the key, kills the session. */
  readonly loseLock?: (resource: string) => Promise<void>;
  /** How many wait, as the store sees it: callers, or processes where those of a process queue in its memory. Only where an order is promised. */
  readonly waiters?: (resource: string) => Promise<number>;
  /** Crashes the server, or as many servers as the driver has to survive. */
  readonly kill?: () => Promise<void>;
  /** Brings back what `kill` ended, with its data. */
  readonly start?: () => Promise<void>;
  readonly stop: () => Promise<void>;
}
