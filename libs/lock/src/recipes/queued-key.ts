import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { persist, RETRY_PAUSE_MS } from '../async/persist.js';
import type { KeptSession } from './kept-session.js';

/** What a contender sees of the queue. */
export interface View<Ahead> {
  /** Whether its own key is still there. */
  readonly queued: boolean;
  /** The key just ahead. Absent: the contender is the first, and holds the lock. */
  readonly ahead: Ahead | undefined;
}

/**
 * One contender's place in the queue of a resource: a key of its own under the session, in order of creation. The first
 * one is the holder. A command whose answer is lost takes no second place and leaves none behind.
 */
export abstract class QueuedKey<Ahead> {
  readonly holder = randomUUID();
  #entering: Promise<unknown> = Promise.resolve();
  #unansweredCreations = 0;
  #unansweredRemovals = 0;

  protected constructor(
    readonly session: KeptSession,
    private readonly isUnanswered: (error: unknown) => boolean,
  ) {}

  /**
   * The fencing token: the store's index of the creation, which grows strictly along the queue; counted from a base, read with the
   * creation, which is raised where the store came back with older data, and its index with it.
   */
  abstract get token(): bigint;

  /** Creates the key unless it is there, or was forbidden. Not queued: the session is gone, and told so. */
  protected abstract create(): Promise<View<Ahead>>;
  /** Sees who is ahead now. */
  protected abstract view(): Promise<View<Ahead>>;
  /** Resolves to whether the key was there. `forbid`: and may not be created any more while the session lives. */
  protected abstract remove(forbid: boolean): Promise<boolean>;
  /** Proves that the key is still there, as it was created. */
  abstract isQueued(): Promise<boolean>;
  /** Resolves when it is time to look again; latest when one of the signals aborts. */
  abstract wait(ahead: Ahead, signals: readonly AbortSignal[]): Promise<void>;

  async enter(): Promise<View<Ahead>> {
    const entering = persist(async () => {
      this.#unansweredCreations++;
      const view = await this.create();
      this.#unansweredCreations--;
      return view;
    }, this.isUnanswered);
    this.#entering = entering;
    return entering;
  }

  look(): Promise<View<Ahead>> {
    return persist(() => this.view(), this.isUnanswered);
  }

  /**
   * Leaves the queue, wherever it has come to in it; which is the release of a lock that is held.
   * Resolves to whether the place was still there. Rejects when the store does not answer, and goes on trying.
   */
  async leave(): Promise<boolean> {
    await this.#entering.catch(() => undefined);
    try {
      return await persist(() => this.#remove(), this.isUnanswered);
    } catch (error) {
      if (this.session.lost.aborted) return false; // the key goes with its session
      void this.#leaveLater();
      throw error;
    }
  }

  /** The session may live on for other locks, so nobody else would ever remove the key. */
  async #leaveLater() {
    while (!this.session.lost.aborted) {
      await sleep(RETRY_PAUSE_MS);
      const answered = await this.#remove().then(
        () => true,
        () => false,
      );
      if (answered) return;
    }
  }

  async #remove(): Promise<boolean> {
    const repeated = this.#unansweredRemovals++ > 0;
    // A creation that was not answered may arrive after this, and would block the queue for as long as the session lives.
    const wasThere = await this.remove(this.#unansweredCreations > 0);
    this.#unansweredRemovals = 0;
    // Gone already: by an earlier try whose answer got lost, as long as the session lives.
    return wasThere || (repeated && !this.session.lost.aborted);
  }
}
