/** Options of one `withLock` call. Durations are in milliseconds. */
export interface LockOptions {
  /** How long the lock outlives a holder that gives no sign of life. */
  readonly ttl: number;
  /** How long to wait for the lock at most. */
  readonly wait: number;
  /** Gives up waiting when it aborts. Work that has begun sees it through its own means. */
  readonly signal?: AbortSignal;
}

/** A granted lock, valid while the callback of `withLock` runs and `signal` has not aborted. */
export interface Lease {
  readonly resource: string;
  /** Unique per grant. */
  readonly holder: string;
  /** Fencing token: strictly growing per resource; absent where the store cannot give one. */
  readonly token?: bigint;
  /** Aborts, with a LockLostError, the moment ownership is lost or can no longer be proven. */
  readonly signal: AbortSignal;
  /** Until when ownership is proven, on the clock of `performance.now()`. The watchdog moves it on. */
  readonly expiresAt: number;
  /**
   * Reads the clock too, so that it is right even when a blocked event loop kept `signal` from firing.
   * @throws {LockLostError}
   */
  throwIfLost(): void;
}

/** What a driver is asked for. */
export interface LockRequest {
  readonly ttl: number;
  /** Aborted when the caller gives up: leave the queue and reject with `signal.reason`. */
  readonly signal: AbortSignal;
}

/** What a driver hands out: ownership as its store sees it. `Lock` adds the watchdog and the local clock. */
export interface Grant {
  readonly holder: string;
  readonly token?: bigint;
  /** `performance.now()` from before the command that proved ownership was sent. Absent: the lock never runs out. */
  readonly provenAt?: number;
  /** Resolves to false when the lock is no longer ours. Absent: the lock runs out at its TTL, whatever happens. */
  readonly extend?: (ttl: number) => Promise<boolean>;
  /** Resolves to false when the lock was no longer ours. */
  release(): Promise<boolean>;
}

/**
 * One way to lock: the part that differs between stores.
 * Rejects with a LockError only; an error of the store's client becomes LOCK_BACKEND_UNAVAILABLE.
 */
export interface LockDriver {
  acquire(resource: string, request: LockRequest): Promise<Grant>;
  /**
   * Makes the next token of `resource` larger than `above`: the repair when the store's counter went backwards
   * (a failover to a replica that lagged). Absent where the store gives no tokens.
   */
  reseed?(resource: string, above: bigint): Promise<void>;
  close(): Promise<void>;
}

/** Told what happens to locks, for metrics. Durations are in milliseconds. */
export interface LockObserver {
  granted(waitedMs: number): void;
  released(heldMs: number): void;
  lost(): void;
}
