import type { LockDriver, LockRequest } from '../contract.js';
import { Line, TOKENS } from './line.js';

/**
 * The callers of a process wait in its memory and share its turns at the lock of `driver`, which must give tokens, extend its leases and
 * tell of their loss. Its tokens are multiplied, to have one for each caller.
 */
export class SharedTurns implements LockDriver {
  readonly #lines = new Map<string, Line>();

  constructor(private readonly driver: Required<Omit<LockDriver, 'acquireAll' | 'inspect'>>) {}

  acquire(resource: string, request: LockRequest) {
    const line = this.#lines.get(resource) ?? this.#open(resource);
    return line.join(request);
  }

  reseed(resource: string, above: bigint) {
    return this.driver.reseed(resource, above / TOKENS);
  }

  remedyFor(error: unknown) {
    return this.driver.remedyFor(error);
  }

  close() {
    return this.driver.close();
  }

  #open(resource: string): Line {
    const line = new Line(
      (request) => this.driver.acquire(resource, request),
      () => this.#lines.delete(resource),
    );
    this.#lines.set(resource, line);
    return line;
  }
}
