import type { Servers } from '../../servers.js';

/** A lock on one resource as its users would write it. */
export interface Locker {
  /** Waits for the lock, works while holding it, releases it. Where the lock can, it gives up when `signal` aborts. */
  run(work: () => Promise<void>, signal: AbortSignal): Promise<void>;
  close(): Promise<unknown>;
}

export interface Subject {
  readonly servers: Servers;
  readonly resource: string;
  /** In milliseconds. */
  readonly ttl: number;
}

/** How long a caller waits here for a lock, in milliseconds: longer than any benchmark lasts. */
export const WITHOUT_END = 3_600_000;
