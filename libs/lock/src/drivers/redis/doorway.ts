import type { Answer, Contender } from './contender.js';

interface Waiting {
  readonly contender: Contender;
  /** Takes the answer to what the holder asked for it. */
  readonly hear: (answer: Promise<Answer>) => void;
}

/**
 * Where the next caller of this process waits while another one of it holds the lock: when that one releases, it asks for
 * the next in the same command. This saves a busy lock every second command.
 */
export class Doorway {
  readonly #inside = new Map<string, Contender>();
  readonly #waiting = new Map<string, Waiting>();

  enter(resource: string, holder: Contender) {
    this.#inside.set(resource, holder);
  }

  /** Whom to ask for, if somebody waits. */
  leave(resource: string, holder: Contender): Waiting | undefined {
    if (this.#inside.get(resource) !== holder) return undefined;
    this.#inside.delete(resource);
    return this.#waiting.get(resource);
  }

  /**
   * Resolves to the answer that the holder in this process got for the contender. To nothing if there is no such holder,
   * if its question fails or does not come within `ms` milliseconds (its work may hang), or once `signal` aborts.
   */
  async wait(
    resource: string,
    contender: Contender,
    ms: number,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    if (!this.#inside.has(resource)) return undefined;
    let giveUp: () => void = () => undefined;
    const answer = new Promise<Answer | undefined>((resolve) => {
      giveUp = () => resolve(undefined);
      const hear: Waiting['hear'] = (heard) => resolve(heard.catch(() => undefined));
      this.#waiting.set(resource, { contender, hear });
    });
    const timer = setTimeout(giveUp, ms);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      this.#waiting.delete(resource);
    }
  }
}
