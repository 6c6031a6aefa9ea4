import type { Etcd3, IDuplexStream, IWatchRequest, IWatchResponse } from 'etcd3';
import { RETRY_PAUSE_MS } from '../../async/persist.js';

type Stream = IDuplexStream<Partial<IWatchRequest>, IWatchResponse>;

/** Without news a waiter looks again after this: for a watch on a member that has lost the others and does not tell. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Hears of deleted keys: one stream for all waiters of a driver, one watch per waiter. It only says when to look, so lost streams
 * need no handling of their own. The library's watchers are attached one by one, and reopened late.
 */
export class Deletions {
  readonly #wake = new Map<string, () => void>();
  #stream: Promise<Stream> | undefined;
  #watches = 0;

  constructor(private readonly etcd: Etcd3) {}

  /** Resolves when it is time to look whether `key`, there at the revision before `from`, is still there; or on an abort. */
  async next(key: Buffer, from: bigint, signals: readonly AbortSignal[]): Promise<void> {
    const watch_id = String(++this.#watches);
    const stream = (this.#stream ??= this.#open());
    const write = (request: Partial<IWatchRequest>) => {
      if (stream === this.#stream) void stream.then((opened) => opened.write(request)).catch(() => undefined);
    };
    let timer: NodeJS.Timeout | undefined;
    let wake: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (signals.some(({ aborted }) => aborted)) return resolve();
      for (const signal of signals) signal.addEventListener('abort', wake, { once: true });
      timer = setTimeout(wake, LOOK_AGAIN_MS);
      this.#wake.set(watch_id, wake);
      write({ create_request: { key, start_revision: from.toString(), watch_id } });
    });
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', wake);
    if (this.#wake.delete(watch_id)) write({ cancel_request: { watch_id } });
  }

  close() {
    void this.#stream?.then((stream) => stream.cancel()).catch(() => undefined);
    this.#stream = undefined;
    this.#wakeAll();
  }

  #wakeAll() {
    for (const wake of this.#wake.values()) wake();
  }

  #open(): Promise<Stream> {
    const opening = this.etcd.watchClient.watch() as unknown as Promise<Stream>;
    const lost = () => {
      if (this.#stream !== opening) return;
      this.#stream = undefined;
      opening.then((stream) => stream.cancel()).catch(() => undefined);
      setTimeout(() => this.#wakeAll(), RETRY_PAUSE_MS); // a store that refuses streams is not asked without end
    };
    opening.then((stream) => {
      stream.on('data', ({ watch_id, created, canceled, events }) => {
        // The server takes a stream for the client's that opened it: its token may have run out. Another one has a new token.
        if (canceled && this.#wake.has(watch_id)) lost();
        else if (!created || events.length > 0) this.#wake.get(watch_id)?.();
      });
      stream.on('error', lost);
      stream.on('end', lost);
    }, lost);
    return opening;
  }
}
