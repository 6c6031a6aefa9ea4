import type { LockRequest } from '../contract.js';

/** A line per name among the callers of this process: first come first served, one inside at a time. */
export class LocalQueue {
  /** Who waits behind the one inside. */
  readonly #lines = new Map<string, (() => void)[]>();

  /** How many wait behind the one inside. */
  length(name: string): number {
    return this.#lines.get(name)?.length ?? 0;
  }

  /**
   * Resolves, once it is the caller's turn, to what lets the next one in. `onTurn` is called in that very moment. The signal is looked at
   * only if there is somebody to wait for.
   *
   * @throws the signal's reason when that aborts first
   */
  async enter(
    name: string,
    request: Pick<LockRequest, 'signal' | 'contended'>,
    onTurn: () => void = () => undefined,
  ): Promise<() => void> {
    const leave = () => this.#next(name);
    const line = this.#lines.get(name);
    if (!line) {
      this.#lines.set(name, []);
      onTurn();
      return leave;
    }
    request.contended?.();
    const { signal } = request;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', giveUp);
        onTurn();
        setImmediate(resolve); // whoever lets us in may hold the lock now: its work goes first
      };
      const giveUp = () => {
        line.splice(line.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      line.push(enter);
    });
    return leave;
  }

  #next(name: string) {
    const next = this.#lines.get(name)?.shift();
    if (next) next();
    else this.#lines.delete(name);
  }
}
