import type { Lease, Lock } from '@app/lock';
import { randomUUID } from 'node:crypto';
import type { Held, OpenLock } from '../../libraries/adapter.js';

/** What the user of a lock makes of it that says it is not his any more. */
class NotOursError extends Error {
  override readonly name = 'NotOursError';
}

/** A lock of somebody else's, as its user writes it: taken, worked under, given back, whatever happens. */
export class AdaptedLock implements Pick<Lock, 'withLock'> {
  /** @param twice given where each release is sent again, as if its answer had been lost; happens in between */
  constructor(
    private readonly lock: OpenLock,
    private readonly twice?: () => Promise<unknown>,
  ) {}

  async withLock<T>(
    resource: string,
    { ttl, wait, signal }: { ttl: number; wait: number; signal?: AbortSignal },
    work: (lease: Lease) => Promise<T>,
  ): Promise<T> {
    const held = await this.lock.acquire(resource, { ttl, wait, signal });
    let result: T;
    try {
      result = await work(leaseOf(resource, held));
    } catch (error) {
      await this.#release(held).catch(() => undefined); // the work's error wins
      throw error;
    }
    if ((await this.#release(held)) === false)
      throw new NotOursError('the release found another holder or none');
    return result;
  }

  async #release(held: Held): Promise<unknown> {
    const answer = await held.release();
    if (this.twice) {
      await this.twice();
      await held.release().catch(() => undefined); // it may well notice
    }
    return answer;
  }
}

function leaseOf(resource: string, held: Held): Lease {
  const { token, lost: signal = new AbortController().signal } = held;
  return {
    resource,
    holder: randomUUID(),
    token,
    signal,
    expiresAt: Infinity,
    throwIfLost: () => {
      signal.throwIfAborted();
      if (held.isLost?.()) throw new NotOursError('asked before the write, the lock said that it was lost');
    },
  };
}
