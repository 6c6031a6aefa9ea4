import type { LockRequest } from '../../contract.js';
import type { Turn } from '../../turns/turn.js';
import type { Answer, Contender } from './contender.js';

/** What the one inside has for the one who waits: its turn, or the answer to what it asked for it. */
type Heard = Turn<Contender> | Answer | undefined;

/** The caller in the doorway. */
export interface NextCaller {
  readonly contender: Contender;
  readonly heard: Promise<Heard>;
  /** With nothing, the contender has to ask itself. False if it has heard something before. */
  readonly hear: (heard?: Turn<Contender> | Promise<Answer>) => boolean;
}

/**
 * Where the next caller of this process waits while another one of it holds the lock: whoever releases hands its turn on, or asks
 * for the next in the same command. So a busy lock needs less than a command per acquisition.
 */
export class Doorway {
  readonly #inside = new Map<string, object>();
  readonly #waiting = new Map<string, NextCaller>();

  enter(resource: string, holder: object) {
    this.#inside.set(resource, holder);
  }

  /** Who waits, if somebody does and `holder` is still inside. */
  leave(resource: string, holder: object): NextCaller | undefined {
    if (this.#inside.get(resource) !== holder) return undefined;
    this.#inside.delete(resource);
    return this.#waiting.get(resource);
  }

  /** The contender is the next of its process. */
  stand(resource: string, contender: Contender) {
    if (!this.#inside.has(resource)) return;
    let tell!: (heard: Heard | Promise<Heard>) => void;
    const heard = new Promise<Heard>((resolve) => (tell = resolve));
    let isFirst = true;
    const hear: NextCaller['hear'] = (what) => {
      if (!isFirst) return false;
      isFirst = false;
      tell(what instanceof Promise ? what.catch(() => undefined) : what);
      return true;
    };
    this.#waiting.set(resource, { contender, heard, hear });
  }

  /**
   * Resolves to what the holder in this process has for the contender. To nothing if there is no such holder, if its
   * question fails or does not come within `ms` milliseconds (its work may hang), or once the signal aborts.
   */
  async wait(
    resource: string,
    contender: Contender,
    ms: number,
    request: Pick<LockRequest, 'signal' | 'contended'>,
  ): Promise<Heard> {
    const waiting = this.#waiting.get(resource);
    if (waiting?.contender !== contender) return undefined;
    request.contended?.();
    const { signal } = request;
    const giveUp = () => void waiting.hear();
    const timer = setTimeout(giveUp, ms);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    try {
      return await waiting.heard;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** The contender has left the doorway: it asks Redis itself, or has given up. */
  depart(resource: string, contender: Contender) {
    if (this.#waiting.get(resource)?.contender === contender) this.#waiting.delete(resource);
  }
}
