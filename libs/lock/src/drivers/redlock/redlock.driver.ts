import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { orAbort } from '../../async/or-abort.js';
import { redisRemedy } from '../../connections/redis-remedy.js';
import type { Grant, LockDriver, LockRequest } from '../../contract.js';
import { LockQuorumUnreachableError } from '../../errors.js';
import { ballot, majorityOf, type Ballot } from './ballot.js';
import { Voter } from './voter.js';

/**
 * Contenders that split the votes must not meet again: the pause before the next try is anything up to this, in
 * milliseconds, or to some times what the try took, should the servers be farther away than that.
 */
const PAUSE_MAX = 100;
const PAUSE_MAX_TRIES = 3;

/** How far the clocks of the servers and of this process may drift apart during a TTL, as the algorithm allows for it. */
const driftOf = (ttl: number) => ttl * 0.01 + 2;
/** How long one server may take to answer: small against the TTL, since what passes is lost for the work. */
const answerMsOf = (ttl: number) => Math.min(ttl / 5, 500);

/**
 * Redlock: the lock belongs to whoever has the vote of a majority of N independent Redis servers. It outlives the loss of
 * a minority, without replication. It has no order and no push: who finds the lock taken asks again after a random delay.
 * A waiter is told LOCK_QUORUM_UNREACHABLE as soon as less than a majority answers.
 *
 * What it does not give:
 * - A fencing token. Each server could count its own grants, but two majorities need only one server in common, and no
 *   number made of independent counters (their largest, their sum) must grow from one majority to the next. To agree on one
 *   takes another round of promises among servers that never forget, and that is a consensus algorithm: etcd, ZooKeeper and
 *   Consul are stores of that kind. So nothing refuses the write of a holder that was paused beyond its lease: take this
 *   lock to save work, not to keep data right.
 * - Safety when a server forgets. One that restarts without its keys (no persistence; after a power cut, any but
 *   `appendfsync always`) votes a second time, and two holders may have a majority each. Keep it out for longer than the
 *   longest TTL in use: then each lease it voted for is over, or lives on by extensions of a majority of the others. The
 *   votes that it forgot are not cast anew: a lease ends once less than a majority remembers it.
 * - Safety under jumping clocks. Servers expire keys by their wall clocks; a step forward frees a lock that is held.
 *
 * Sources: https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ (the algorithm; "Performance, crash
 * recovery and fsync" on restarts); Kleppmann, "How to do distributed locking" (2016); antirez, "Is Redlock safe?" (2016).
 */
export class RedlockDriver implements LockDriver {
  readonly #voters: readonly Voter[];

  /** @param urls of servers that share nothing, an odd number of them: one more to make it even tolerates no more losses */
  constructor(
    urls: readonly string[],
    private readonly prefix = 'lock',
  ) {
    this.#voters = urls.map((url) => new Voter(url));
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const { ttl, signal } = request;
    for (;;) {
      const askedAt = performance.now();
      const grant = await this.#try(resource, ttl, signal);
      if (grant) return grant;
      request.contended?.();
      const longest = Math.max(PAUSE_MAX, PAUSE_MAX_TRIES * (performance.now() - askedAt));
      const pause = sleep(Math.random() * longest, undefined, { signal });
      await pause.catch(() => signal.throwIfAborted());
    }
  }

  /** The remedy for a vote that failed, where none of its errors will pass by itself. */
  remedyFor(error: unknown): string | undefined {
    const remedies = error instanceof AggregateError ? error.errors.map(redisRemedy) : [];
    return remedies.every((remedy) => remedy !== undefined) ? remedies[0] : undefined;
  }

  async close() {
    for (const voter of this.#voters) voter.close();
  }

  async #try(resource: string, ttl: number, signal: AbortSignal): Promise<Grant | undefined> {
    const key = `${this.prefix}:redlock:{${resource}}`;
    // New for each try: a release of an earlier one, arriving late, must not take back a vote of this one.
    const holder = randomUUID();
    const answerMs = answerMsOf(ttl);
    const validFor = ttl - driftOf(ttl);
    const release = () => ballot(this.#voters, (voter) => voter.release(key, holder, answerMs));

    const provenAt = performance.now();
    let granted = false;
    try {
      const vote = ballot(this.#voters, (voter) => voter.lock(key, holder, ttl, answerMs));
      const { carried, reached, errors } = await orAbort(vote, signal);
      if (carried === undefined && reached < majorityOf(this.#voters)) {
        throw this.#unreachable(resource, reached, errors);
      }
      granted = carried === true && performance.now() < provenAt + validFor;
    } finally {
      // Everywhere: a server whose answer did not arrive may have voted for us.
      if (!granted) void release();
    }
    if (!granted) return undefined;

    return {
      holder,
      provenAt,
      ttl: validFor,
      extend: async (next) =>
        this.#outcome(
          resource,
          await ballot(this.#voters, (voter) => voter.extend(key, holder, next, answerMs)),
        ),
      release: async () => this.#outcome(resource, await release()),
    };
  }

  /** @throws {LockQuorumUnreachableError} too few answered to tell */
  #outcome(resource: string, { carried, reached, errors }: Ballot): boolean {
    if (carried === undefined) throw this.#unreachable(resource, reached, errors);
    return carried;
  }

  #unreachable(resource: string, reached: number, errors: readonly unknown[]) {
    const cause = new AggregateError(errors, 'these servers did not answer');
    return new LockQuorumUnreachableError(resource, reached, majorityOf(this.#voters), cause);
  }
}
