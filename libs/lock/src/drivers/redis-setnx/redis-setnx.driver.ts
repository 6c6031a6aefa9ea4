import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { orUnavailable } from '../../async/or-unavailable.js';
import { ownConnection } from '../../connections/redis-connection.js';
import { redisRemedy } from '../../connections/redis-remedy.js';
import type { Grant, LockDriver, LockRequest, LockState } from '../../contract.js';
import { LockBackendUnavailableError } from '../../errors.js';
import { clientName } from '../../holder.js';

const RELEASE = readFileSync(new URL('./release.lua', import.meta.url), 'utf8');
/** Mean pause between two tries, in milliseconds; the jitter keeps contenders out of step. */
const RETRY_DELAY = 50;

interface Commands {
  lockSetnxRelease(lock: string, holder: string): Promise<0 | 1>;
}

/**
 * The textbook lock: `SET key holder PX ttl NX`, polled, released by compare-and-delete. No order, no token.
 * Nothing extends it: a crashed holder blocks everybody until the TTL is over, and longer work runs unprotected.
 * Source: https://redis.io/docs/latest/commands/set/#patterns
 */
export class RedisSetnxDriver implements LockDriver {
  readonly #redis: (Redis | Cluster) & Commands;

  constructor(
    connection: Redis | Cluster,
    private readonly prefix = 'lock',
  ) {
    this.#redis = ownConnection<Commands>(connection, {
      lockSetnxRelease: { lua: RELEASE, numberOfKeys: 1 },
    });
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const { ttl } = request;
    const key = this.#key(resource);
    const holder = clientName();
    for (;;) {
      const provenAt = performance.now();
      const granted = await this.#redis.set(key, holder, 'PX', ttl, 'NX').catch((cause: unknown) => {
        void this.#release(key, holder).catch(() => undefined); // it may have been granted all the same
        throw new LockBackendUnavailableError(resource, cause);
      });
      if (granted) return { holder, provenAt, release: () => this.#release(key, holder) };
      request.contended?.();
      const { signal } = request;
      const pause = sleep(RETRY_DELAY * (0.5 + Math.random()), undefined, { signal });
      await pause.catch(() => signal.throwIfAborted());
    }
  }

  readonly remedyFor = redisRemedy;

  async inspect(resource: string): Promise<LockState> {
    const holder = await orUnavailable(resource, this.#redis.get(this.#key(resource)));
    return { holder: holder ?? undefined };
  }

  async close() {
    this.#redis.disconnect();
  }

  #key(resource: string): string {
    return `${this.prefix}:setnx:{${resource}}`;
  }

  async #release(key: string, holder: string) {
    return (await this.#redis.lockSetnxRelease(key, holder)) === 1;
  }
}
