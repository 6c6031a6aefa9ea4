/** A lock, or a permit of a semaphore, in the hands of this process. */
export interface Permit {
  readonly ttl: number;
  /** Resolves to whether it is still this process's, and then for `ttl` milliseconds from now. */
  extend(ttl: number): Promise<boolean>;
}

/** What a process was granted. Durations are in milliseconds. */
export interface Granted {
  readonly token: bigint;
  /** `performance.now()` from before the command that proved ownership was sent. */
  readonly provenAt: number;
  /** How long after `provenAt` the permit lasts. */
  readonly firstTtl: number;
}

/** So many callers may have one turn: each needs a token of its own. */
export const TOKENS_PER_TURN = 64;
/** A turn is handed on for this long at most, in milliseconds: other processes wait for its end. */
const TURN_MS = 50;
/** Those who have handed a turn on hear after so many milliseconds that it was theirs, if it has not ended by then. */
const PROVE_AFTER_MS = 10;

/**
 * A process's permit: those who waited here when it was granted have it one after the other. Whoever comes later waits for the
 * next turn.
 * Source: Dice, Marathe, Shavit, "Lock cohorting" (PPoPP 2012), which does so between the cores of one socket.
 */
export class Turn<Of extends Permit = Permit> {
  #granted: Granted;
  readonly #until: number;
  #gone = false;
  #ended: Promise<boolean> | undefined;
  #proof: { readonly outcome: Promise<boolean>; settle(outcome: Promise<boolean>): void } | undefined;

  /** @param callers how many more may have it, each of which needs a token */
  constructor(
    readonly permit: Of,
    granted: Granted,
    private callers: number,
  ) {
    this.#granted = granted;
    this.#until = performance.now() + TURN_MS;
  }

  get granted(): Granted {
    return this.#granted;
  }

  /** Resolves to whether the permit is still this process's. */
  async extend(ttl: number): Promise<boolean> {
    const provenAt = performance.now();
    const ours = await this.permit.extend(ttl);
    if (ours) this.#granted = { ...this.#granted, provenAt, firstTtl: ttl };
    else this.#gone = true;
    return ours;
  }

  /** Whether one caller more may have it, under another token. */
  handOn(): boolean {
    const { token, provenAt, firstTtl } = this.#granted;
    const now = performance.now();
    const isFresh = now < Math.min(this.#until, provenAt + firstTtl / 2);
    if (this.callers === 0 || this.#gone || !isFresh) return false;
    this.callers--;
    this.#granted = { ...this.#granted, token: token + 1n };
    return true;
  }

  /**
   * Whether the permit was still this process's at some later moment, hence also when the caller was done: it is asked of
   * the store once for all who have handed it on.
   */
  provenLater(): Promise<boolean> {
    if (!this.#proof) {
      let settle!: (outcome: Promise<boolean>) => void;
      const outcome = new Promise<boolean>((resolve) => (settle = resolve));
      const timer = setTimeout(() => this.#prove(this.#isOurs()), PROVE_AFTER_MS);
      this.#proof = {
        outcome,
        settle: (proof) => {
          clearTimeout(timer);
          settle(proof);
        },
      };
    }
    return this.#proof.outcome;
  }

  /** The turn is over: `wasOurs` tells what the store says to its release. */
  end(wasOurs: Promise<boolean>): Promise<boolean> {
    this.#ended = wasOurs;
    this.#prove(wasOurs);
    return wasOurs;
  }

  async #isOurs(): Promise<boolean> {
    const ours = await this.extend(this.permit.ttl);
    return ours || (this.#ended ?? false); // a release overtakes a script that has to be loaded first
  }

  #prove(outcome: Promise<boolean>) {
    this.#proof?.settle(outcome);
    this.#proof = undefined;
  }
}
