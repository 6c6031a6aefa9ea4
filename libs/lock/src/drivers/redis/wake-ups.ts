import type { Redis } from 'ioredis';

/** Rings when the lock was handed to its holder. A ring before the wait is not lost. */
export interface Bell {
  /** Resolves to whether it rang, within `ms` and before `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
  /** Stops listening. */
  close(): void;
}

/** The one subscription of a process, shared by all its waiters. Its mere existence tells Redis that they are alive. */
export class WakeUps {
  readonly #ring = new Map<string, () => void>();
  readonly #subscribed: Promise<unknown>;

  constructor(
    private readonly subscriber: Redis,
    channel: string,
  ) {
    this.#subscribed = subscriber.subscribe(channel);
    this.#subscribed.catch(() => undefined); // seen by whoever waits
    subscriber.on('error', () => undefined).on('message', (_, holder) => this.#ring.get(holder)?.());
  }

  /** Resolves once hand-overs can be heard. */
  async ready(): Promise<void> {
    await this.#subscribed;
  }

  bell(holder: string): Bell {
    let rang = false;
    let wake: () => void = () => undefined;
    this.#ring.set(holder, () => {
      rang = true;
      wake();
    });
    return {
      wait: async (ms, signal) => {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (rang || signal.aborted) return resolve();
          timer = setTimeout(resolve, ms);
          signal.addEventListener('abort', wake, { once: true });
        });
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        const heard = rang;
        rang = false;
        return heard;
      },
      close: () => this.#ring.delete(holder),
    };
  }

  close() {
    this.subscriber.disconnect();
  }
}
