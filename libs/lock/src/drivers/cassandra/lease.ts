import { persist } from '../../async/persist.js';
import { isUnanswered, type CassandraClient, type Outcome } from './client.js';
import { EXTEND, INSERT_LEASE, LOOK, RAISE_FENCE, RELEASE } from './cql.js';

/** The rest of the TTL is for another try. */
const EXTEND_WITHIN = 1 / 3;

/** A node counts from the last whole second on: of `n` seconds, up to one is over by then. So many last `ttl` milliseconds at least. */
const secondsFor = (ttl: number) => Math.ceil(ttl / 1_000) + 1;

interface Taken {
  readonly token: bigint;
  readonly provenAt: number;
}

/** One caller's lease of a resource, to be had, or had. */
export class Lease {
  /**
   * The fence, null where there is none, at which it was tried to take the lease: until the fence is seen to be another one, a try whose
   * answer was lost may have succeeded, or may yet. Undefined: there is no such try.
   */
  #triedAt: bigint | null | undefined;

  constructor(
    private readonly cassandra: CassandraClient,
    private readonly resource: string,
    readonly holder: string,
  ) {}

  /** Resolves to undefined when somebody else has it. */
  take(ttl: number): Promise<Taken | undefined> {
    return persist(() => this.#take(ttl), isUnanswered);
  }

  /** Resolves to false when it is no longer ours. */
  async extend(ttl: number): Promise<boolean> {
    const params = [secondsFor(ttl), this.holder, this.resource, this.holder];
    const outcome = await this.cassandra.transact({ query: EXTEND, params }, ttl * EXTEND_WITHIN);
    return outcome.applied;
  }

  /** Resolves to false when it was no longer ours. */
  async release(): Promise<boolean> {
    let mayBeDone = false;
    return persist(async () => {
      const repeated = mayBeDone;
      mayBeDone = true;
      const { applied: wasOurs } = await this.#delete();
      return wasOurs || repeated; // gone already: by an earlier try whose answer was lost
    }, isUnanswered);
  }

  /** Gives up what a try has come to. One that is still to arrive finds a raised fence. */
  async withdraw(): Promise<void> {
    const fence = this.#triedAt;
    if (fence === undefined) return;
    await persist(async () => {
      await this.#raise(fence, above(fence));
      await this.#delete();
    }, isUnanswered);
  }

  /** Makes it at least `least`. */
  async raiseFence(least: bigint): Promise<void> {
    let { fence } = await this.#look();
    while (fence === null || fence < least) {
      const outcome = await this.#raise(fence, least);
      if (outcome.applied) return;
      ({ fence } = outcome);
    }
  }

  async #take(ttl: number): Promise<Taken | undefined> {
    for (let seen = await this.#look(); ;) {
      const { holder, fence } = seen;
      const provenAt = performance.now();
      if (holder === this.holder) {
        // Taken by a try whose answer was lost: nobody knows how long ago.
        if (await this.extend(ttl)) return { token: fence!, provenAt };
        seen = await this.#look();
        continue;
      }
      if (fence !== this.#triedAt) this.#triedAt = undefined;
      if (holder !== null) return undefined;
      this.#triedAt = fence;
      const token = above(fence);
      const outcome = await this.cassandra.transactAll([
        { query: INSERT_LEASE, params: [this.resource, this.holder, secondsFor(ttl)] },
        { query: RAISE_FENCE, params: [token, this.resource, fence] },
      ]);
      if (outcome.applied) return { token, provenAt };
      seen = outcome;
    }
  }

  /** Serially where a try may be under way: that completes it, or makes it fail. */
  #look() {
    return this.cassandra.look(LOOK, [this.resource], this.#triedAt !== undefined);
  }

  #raise(from: bigint | null, to: bigint): Promise<Outcome> {
    return this.cassandra.transact({ query: RAISE_FENCE, params: [to, this.resource, from] });
  }

  #delete(): Promise<Outcome> {
    return this.cassandra.transact({ query: RELEASE, params: [this.resource, this.holder] });
  }
}

const above = (fence: bigint | null) => (fence ?? 0n) + 1n;
