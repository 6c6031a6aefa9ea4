import type { Answer, Contender } from './contender.js';

interface Waiting {
  readonly contender: Contender;
  readonly answer: Promise<Answer | undefined>;
  /** Takes the answer to what the holder asked for the contender; nothing if it has to ask itself. */
  readonly hear: (answer?: Promise<Answer>) => void;
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

  /** The contender is the next of its process. */
  stand(resource: string, contender: Contender) {
    if (!this.#inside.has(resource)) return;
    let hear: Waiting['hear'] = () => undefined;
    const answer = new Promise<Answer | undefined>((resolve) => {
      hear = (heard) => resolve(heard?.catch(() => undefined));
    });
    this.#waiting.set(resource, { contender, answer, hear });
  }

  /**
   * Resolves to the answer that the holder in this process got for the contender. To nothing if there is no such holder,
   * if its question fails or does not come within `ms` milliseconds (its work may hang), or once the signal aborts.
   */
  async answer(
    resource: string,
    contender: Contender,
    ms: number,
    request: { readonly signal: AbortSignal },
  ): Promise<Answer | undefined> {
    const waiting = this.#waiting.get(resource);
    if (waiting?.contender !== contender) return undefined;
    const { signal } = request;
    const giveUp = () => waiting.hear();
    const timer = setTimeout(giveUp, ms);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    try {
      return await waiting.answer;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** It asks itself from now on, or no more. */
  depart(resource: string, contender: Contender) {
    if (this.#waiting.get(resource)?.contender === contender) this.#waiting.delete(resource);
  }
}
