import type { Cluster, Redis } from 'ioredis';

/** Tells its holder that it was handed the lock. What it told before somebody waits for it is not lost. */
export interface Bell {
  /**
   * Resolves to the token of a grant, or to nothing after `ms` milliseconds or once `signal` aborts. Grants with a token
   * up to `above` are old: their messages come late.
   */
  wait(above: bigint, ms: number, signal: AbortSignal): Promise<bigint | undefined>;
  /** Stops listening. */
  close(): void;
}

/** The one subscription of a process, shared by all its waiters. Its mere existence tells Redis that they are alive. */
export class WakeUps {
  readonly #ring = new Map<string, (token: bigint) => void>();
  #subscribed: Promise<unknown> | undefined;

  constructor(
    private readonly subscriber: Redis | Cluster,
    private readonly channel: string,
  ) {
    subscriber.on('message', (_: string, message: string) => {
      const [holder, token] = message.split(' ') as [string, string];
      this.#ring.get(holder)?.(BigInt(token));
    });
    // What listened to the last connection listens to the next one, however often that takes.
    subscriber.on('ready', () => {
      if (this.#subscribed) this.#subscribe().catch(() => subscriber.disconnect(true));
    });
  }

  /** Resolves once hand-overs can be heard. */
  async ready(): Promise<void> {
    this.#subscribed ??= this.#subscribe();
    try {
      await this.#subscribed;
    } catch (error) {
      this.#subscribed = undefined; // the next caller tries again
      throw error;
    }
  }

  #subscribe() {
    return this.subscriber.subscribe(this.channel);
  }

  bell(holder: string): Bell {
    let latest = 0n;
    let wake: () => void = () => undefined;
    this.#ring.set(holder, (token) => {
      latest = token;
      wake();
    });
    return {
      wait: async (above, ms, signal) => {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = () => (latest > above || signal.aborted) && resolve();
          timer = setTimeout(resolve, ms);
          signal.addEventListener('abort', wake, { once: true });
          wake();
        });
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        return latest > above ? latest : undefined;
      },
      close: () => this.#ring.delete(holder),
    };
  }
}
