/** Options of one `withLock` call. Durations are in milliseconds. */
export interface LockOptions {
  /** How long the lock outlives a holder that gives no sign of life. */
  readonly ttl: number;
  /**
   * How long to wait at most for a lock that somebody else has. A free one is granted even with 0: the store's own time does not count. A
   * store that does not answer is given up after a few seconds.
   */
  readonly wait: number;
  /**
   * How long the work may take; absent: as long as it takes. The lease of older work is not extended, and the signal aborts. As long
   * again later, a TTL at least, the lock is released, even if the work goes on.
   */
  readonly longest?: number;
  /** Gives up waiting when it aborts. Work that has begun sees it through its own means. */
  readonly signal?: AbortSignal;
  /**
   * Lets a driver take the lock from a holder whose process seems gone, if both sides say so. Only for work that is fenced: each write
   * carries the lease's token to where it is checked, so that a process that lives on is refused.
   */
  readonly earlyTakeover?: boolean;
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
  /** See {@link LockOptions.earlyTakeover}. */
  readonly earlyTakeover?: boolean;
  /** Aborted when the caller gives up: leave the queue and reject with `signal.reason`. */
  readonly signal: AbortSignal;
  /** See {@link LockOptions.wait}. Absent: for as long as it takes. */
  readonly wait?: number;
  /** To be called once it is certain that somebody else has the lock or is to have it first: `wait` counts from then on. */
  contended?(): void;
}

/** What a driver hands out: ownership as its store sees it. `Lock` adds the watchdog and the local clock. */
export interface Grant {
  readonly holder: string;
  readonly token?: bigint;
  /** `performance.now()` from before the command that proved ownership was sent. Absent: the lock never runs out. */
  readonly provenAt?: number;
  /** How long after `provenAt` the store keeps the lock for us, in milliseconds, if that is not the TTL asked for. */
  readonly ttl?: number;
  /** The same for the grant itself, where its extensions last longer. */
  readonly firstTtl?: number;
  /**
   * Proves ownership and, where the lock runs out, makes it last `ttl` milliseconds from now. Resolves to false when the
   * lock is no longer ours. Absent: nothing extends it, it runs out when its time is over.
   */
  readonly extend?: (ttl: number) => Promise<boolean>;
  /** Aborts when the store tells that the lock is gone, where it tells by itself: sooner than the watchdog asks. */
  readonly lost?: AbortSignal;
  /** Resolves to false when the lock was no longer ours. */
  release(): Promise<boolean>;
}

/** Who has a lock and who waits, as the store sees it at one moment. */
export interface LockState {
  readonly holder?: string;
  /** First come first; absent where waiters do not stand in line in the store. */
  readonly waiters?: readonly string[];
}

/**
 * One way to lock: the part that differs between stores.
 * Rejects with a LockError only; an error of the store's client becomes LOCK_BACKEND_UNAVAILABLE.
 */
export interface LockDriver {
  acquire(resource: string, request: LockRequest): Promise<Grant>;
  /**
   * Grants several resources as one: taken in this order, extended and released together. Absent where callers may as well take one
   * after the other. Present where what a caller holds is scarce, such as connections.
   */
  acquireAll?(resources: readonly string[], request: LockRequest): Promise<Grant>;
  /**
   * Makes the token of whoever asks for `resource` from now on larger than `above`: the repair after a failover or a restored backup has
   * set the store's counter back. Absent where the store gives no tokens.
   */
  reseed?(resource: string, above: bigint): Promise<void>;
  /** What somebody has to change so that the store serves this client. Undefined where `error`, one of
   * the store's client, may pass by itself. */
  remedyFor?(error: unknown): string | undefined;
  /** Looks and changes nothing. Absent where the store cannot be asked. */
  inspect?(resource: string): Promise<LockState>;
  close(): Promise<void>;
}

/** Told what happens to locks, for metrics. Durations are in milliseconds. */
export interface LockObserver {
  /** One caller more, or one less, waits in this process. */
  waiting(change: 1 | -1): void;
  granted(waitedMs: number): void;
  released(heldMs: number): void;
  lost(): void;
}
