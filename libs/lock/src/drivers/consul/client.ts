import { EventEmitter } from 'node:events';
import Consul from 'consul';

/** One command is given up as unanswered after this, in milliseconds. */
const DEADLINE_MS = 2_000;

export interface Entry {
  readonly Key: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly Session?: string;
  /** As base64. */
  readonly Value?: string | null;
}

type Verb = 'cas' | 'check-not-exists' | 'check-session' | 'delete' | 'get-tree' | 'lock';
export type Operation = { KV: { Verb: Verb; Key: string; Session?: string; Value?: string; Index?: number } };

interface TransactionAnswer {
  readonly Results: readonly { readonly KV: Entry }[] | null;
}

interface ResponseError extends Error {
  readonly response?: { readonly statusCode: number; readonly body?: unknown };
}
/** How a transaction says it, among conditions that did not hold. */
const DENIED = /permission denied|ACL not found/i;
const statusOf = (error: unknown) => (error as ResponseError).response?.statusCode;

/** Whether nothing is known about the outcome: no answer, a server without leader, or one that is overrun. */
export const isUnanswered = (error: unknown) => {
  const status = statusOf(error);
  return status === undefined || status >= 500 || status === 429;
};

/** See {@link LockDriver.remedyFor}. */
export function consulRemedy(error: unknown): string | undefined {
  const { response } = error as ResponseError;
  const denied = response?.statusCode === 403 || DENIED.test(JSON.stringify(response?.body ?? ''));
  if (!denied) return undefined;
  return 'put a token into its URL, http://:token@host:8500, that may write sessions and the keys that begin with lock';
}

/** Whether a condition of a transaction did not hold, or its session is gone. */
export const isRefused = (error: unknown) => statusOf(error) === 409;

/** The commands of Consul's HTTP API that the lock needs. */
export class ConsulClient {
  readonly #consul: Consul;

  /** @param url with an ACL token in the place of a password, where the agent wants one */
  constructor(url: string) {
    const { protocol, hostname, port, password } = new URL(url);
    this.#consul = new Consul({
      host: hostname,
      port: Number(port) || undefined,
      secure: protocol === 'https:',
      ...(password ? { defaults: { token: decodeURIComponent(password) } } : {}),
    });
  }

  async createSession(seconds: number): Promise<string> {
    const { ID } = await this.#consul.session.create({
      ttl: `${seconds}s`,
      behavior: 'delete',
      lockdelay: '0s',
      checks: [],
      ...atMost(DEADLINE_MS),
    });
    return ID;
  }

  /** Resolves to false when the session is gone. */
  async renewSession(id: string, timeoutMs: number): Promise<boolean> {
    return this.#consul.session.renew({ id, ...atMost(timeoutMs) }).then(
      () => true,
      (error: unknown) => {
        if (statusOf(error) === 404) return false;
        throw error;
      },
    );
  }

  async destroySession(id: string): Promise<void> {
    await this.#consul.session.destroy({ id, ...atMost(DEADLINE_MS) });
  }

  /** All or nothing; see {@link isRefused}. */
  async transact(operations: Operation[]): Promise<Entry[]> {
    const answer: unknown = await this.#consul.transaction.create(
      operations as never,
      atMost(DEADLINE_MS) as never,
    );
    return ((answer as TransactionAnswer).Results ?? []).map(({ KV }) => KV);
  }

  /** Asks the leader, and that one its followers whether it still is. */
  async list(prefix: string): Promise<Entry[]> {
    const query = { key: prefix, recurse: true, consistent: true, ...atMost(DEADLINE_MS) } as const;
    return ((await this.#consul.kv.get(query)) ?? []) as Entry[];
  }

  /** Resolves once `key` is no longer as it was at `index`, or after `seconds`; rejects as soon as a signal aborts. */
  async keyChange(
    key: string,
    index: number,
    seconds: number,
    signals: readonly AbortSignal[],
  ): Promise<void> {
    const ctx = new EventEmitter();
    const cancel = () => ctx.emit('cancel');
    for (const signal of signals) signal.addEventListener('abort', cancel, { once: true });
    try {
      const query = { key, index, wait: `${seconds}s`, ctx, ...atMost((seconds + 5) * 1_000) };
      const change = this.#consul.kv.get(query);
      if (signals.some(({ aborted }) => aborted)) cancel();
      await change;
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', cancel);
    }
  }

  /** Tells when the session is gone. Returns what ends the watch. */
  watchSession(id: string, gone: () => void): () => void {
    const watch = this.#consul.watch({
      method: (query: { id: string }) => this.#consul.session.info(query),
      options: { id, consistent: true, wait: '60s' } as never,
      backoffMax: 1_000,
    });
    watch.on('change', (session) => session ?? gone());
    watch.on('error', () => undefined); // it goes on, and the renewals tell whether the session lives
    return () => watch.end();
  }

  close() {
    this.#consul.destroy();
  }
}

/** The library takes a time-out with every command; its types do not know. */
const atMost = (timeout: number): object => ({ timeout });
