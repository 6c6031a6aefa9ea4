type LockErrorCode =
  | 'LOCK_WAIT_TIMEOUT'
  | 'LOCK_LOST'
  | 'LOCK_QUORUM_UNREACHABLE'
  | 'LOCK_BACKEND_UNAVAILABLE'
  | 'LOCK_DENIED'
  | 'LOCK_DRIVER_UNKNOWN'
  | 'LOCK_ABORTED';

/** Everything that can go wrong with a lock. Match by class or by `code`, never by message. */
export abstract class LockError extends Error {
  abstract readonly code: LockErrorCode;
  override get name() {
    return this.constructor.name;
  }
}

/** Of the first error, where there are several. */
const messageOf = (cause: unknown): string =>
  cause instanceof AggregateError
    ? messageOf(cause.errors[0])
    : cause instanceof Error
      ? cause.message
      : String(cause);

/** Somebody else kept the lock for as long as the caller was willing to wait. */
export class LockWaitTimeoutError extends LockError {
  readonly code = 'LOCK_WAIT_TIMEOUT';
  constructor(resource: string, waitMs: number) {
    super(`${resource} was not free within ${waitMs} ms`);
  }
}

/** The lease ended before the work did: another holder may have been granted the lock meanwhile. */
export class LockLostError extends LockError {
  readonly code = 'LOCK_LOST';
  constructor(resource: string, why: string) {
    super(`the lease on ${resource} was lost: ${why}`);
  }
}

/** The store did not answer, so nothing is known about the lock. */
export class LockBackendUnavailableError extends LockError {
  readonly code = 'LOCK_BACKEND_UNAVAILABLE';
  constructor(resource: string, cause: unknown) {
    super(`the lock store did not answer for ${resource}`, { cause });
  }
}

/** The store answers, and does not want this client until somebody changes a configuration: the message tells which. */
export class LockDeniedError extends LockError {
  readonly code = 'LOCK_DENIED';
  constructor(remedy: string, cause: unknown) {
    super(`the lock store refuses this client (${messageOf(cause)}): ${remedy}`, { cause });
  }
}

/** Too few of the independent servers answered to say who holds the lock. */
export class LockQuorumUnreachableError extends LockError {
  readonly code = 'LOCK_QUORUM_UNREACHABLE';
  constructor(resource: string, reached: number, needed: number, cause: unknown) {
    super(`${reached} lock servers answered for ${resource}, and ${needed} are needed`, { cause });
  }
}

/** No driver has this name, or its servers are not configured. */
export class LockDriverUnknownError extends LockError {
  readonly code = 'LOCK_DRIVER_UNKNOWN';
  constructor(driver: string, why: string) {
    super(`the lock driver ${driver} cannot be used here: ${why}`);
  }
}

/** The caller's own signal aborted while it waited. */
export class LockAbortedError extends LockError {
  readonly code = 'LOCK_ABORTED';
  constructor(resource: string, cause: unknown) {
    super(`waiting for ${resource} was aborted`, { cause });
  }
}
