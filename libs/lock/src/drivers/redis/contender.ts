import type { Keys, LockCommands, RawAnswer } from './scripts.js';

/** What the store said to a contender. */
export interface Answer {
  /** `performance.now()` from before it was asked. */
  readonly askedAt: number;
  readonly granted: boolean;
  /** The token of the grant, else the last one that was given out before this answer. */
  readonly token: bigint;
  /** Milliseconds until the next permit of the others runs out. */
  readonly runsOutIn: number;
}

/** One caller that wants or has a permit, as the scripts know it. What they do is said in the `.lua` files. */
export class Contender {
  constructor(
    private readonly redis: LockCommands,
    private readonly keys: Keys,
    readonly holder: string,
    readonly ttl: number,
    private readonly earlyTakeover: boolean,
  ) {}

  /** Whether what was granted to the other one would serve this one as well. */
  wantsAs(other: Contender): boolean {
    return this.ttl === other.ttl && this.earlyTakeover === other.earlyTakeover;
  }

  async ask(): Promise<Answer> {
    const askedAt = performance.now();
    return read(askedAt, await this.redis.lockAcquire(...this.keys, this.holder, this.ttl));
  }

  /** Resolves to whether the permit is still this contender's. */
  async extend(ttl: number): Promise<boolean> {
    return (await this.redis.lockExtend(...this.keys, this.holder, ttl)) === 1;
  }

  /** Releases what it has, or gives up waiting. Resolves to whether it had a permit. */
  async release(): Promise<boolean> {
    return (await this.redis.lockRelease(...this.keys, this.holder)) === 1;
  }

  /** Releases, and asks for another contender of this process in the same command. */
  releaseAndAskFor(next: Contender) {
    const askedAt = performance.now();
    const reply = this.redis.lockRelease(...this.keys, this.holder, next.holder, next.ttl);
    return {
      wasOurs: reply.then(([wasOurs]) => wasOurs === 1),
      answer: reply.then(([, answer]) => read(askedAt, answer)),
    };
  }
}

function read(askedAt: number, answer: RawAnswer): Answer {
  if (typeof answer === 'string')
    return { askedAt, granted: true, token: BigInt(answer), runsOutIn: Infinity };
  const [last, runsOutIn] = answer;
  return { askedAt, granted: false, token: BigInt(last), runsOutIn };
}
