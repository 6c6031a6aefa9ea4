/**
 * A process that contends for locks, told what to do over IPC: {@link Contender} is its other end. After `close` it ends by itself, so
 * that a driver that leaves a timer or a connection behind is found out.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockError, Lock, type Lease, type LockDriver, type LockOptions } from '../../src/index.js';
import { openDriver, type BackendUrls } from './backends.js';
import { monotonicMs } from './eventually.js';
import { hold, type Held } from './hold.js';
import { Ledger } from './ledger.js';

export interface LoopOptions extends Omit<LockOptions, 'signal'> {
  /** Callers side by side. */
  readonly contenders: number;
  /** How long the work of each takes, in milliseconds. */
  readonly sectionMs: number;
  /** Several resources that each caller locks, the one that is written to among them. Absent: only that one. */
  readonly among?: readonly string[];
}

export interface LoopCount {
  /** Sections that ended well, by the word of the lock. */
  readonly done: number;
  /** What else happened, by code; `?` and the error where it was none of the lock's errors. */
  readonly errors: Readonly<Record<string, number>>;
}

let driver: LockDriver;
let lock: Lock;
let ledger: Ledger;
const held = new Map<string, Held>();
let looping: { stop: AbortController; done: number; errors: Record<string, number>; ended: Promise<unknown> };

const calls = {
  async open(name: string, backends: BackendUrls, ledgerUrl: string) {
    driver = await openDriver(name, backends);
    lock = new Lock(driver);
    ledger = new Ledger(ledgerUrl);
  },

  /** Holds the lock until `release`. Resolves once it is granted. */
  async acquire(resource: string, options: Omit<LockOptions, 'signal'>) {
    const lease = await hold(lock, resource, options);
    held.set(resource, lease);
    return { token: lease.lease.token, at: monotonicMs() };
  },

  /** Resolves once the lease's signal has aborted. */
  async lost(resource: string) {
    const { signal } = held.get(resource)!.lease;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { at: monotonicMs(), code: codeOf(signal.reason) };
  },

  /** What {@link Lock.withLock} makes of it when the work ends now. */
  async release(resource: string) {
    const lease = held.get(resource)!;
    held.delete(resource);
    await lease.release();
  },

  /** Lets `contenders` callers take the lock again and again, until `stop`. */
  async loop(resource: string, { contenders, sectionMs, among = [resource], ...options }: LoopOptions) {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal); // one per caller
    const loop = {
      stop,
      done: 0,
      errors: {} as Record<string, number>,
      ended: Promise.resolve() as Promise<unknown>,
    };
    looping = loop;
    const work = async (...leases: Lease[]) => {
      const { token } = leases[among.indexOf(resource)]!;
      await ledger.section(resource, { token, fenced: options.earlyTakeover }, () => sleep(sectionMs));
    };
    const contend = async () => {
      while (!stop.signal.aborted) {
        try {
          await lock.withLocks(among, { ...options, signal: stop.signal }, work);
          loop.done++;
        } catch (error) {
          const code = codeOf(error);
          if (code === 'LOCK_ABORTED' && stop.signal.aborted) return;
          loop.errors[code] = (loop.errors[code] ?? 0) + 1;
          await sleep(50); // as a caller does that tries again
        }
      }
    };
    loop.ended = Promise.all(Array.from({ length: contenders }, contend));
  },

  async count(): Promise<LoopCount> {
    return { done: looping.done, errors: looping.errors };
  },

  async stop(): Promise<LoopCount> {
    looping.stop.abort();
    await looping.ended;
    return calls.count();
  },

  async close() {
    await Promise.all([driver.close(), ledger.close()]);
  },
};

export type Calls = typeof calls;
export type Request = { id: number; call: keyof Calls; args: unknown[] };
export type Answer = { id: number } & ({ result: unknown } | { error: { code: string; message: string } });

const codeOf = (error: unknown) => (error instanceof LockError ? error.code : `? ${String(error)}`);

async function serve({ id, call, args }: Request) {
  const run = calls[call] as (...given: unknown[]) => Promise<unknown>;
  const answer = await run(...args).then(
    (result) => ({ id, result }),
    (error: unknown) => ({ id, error: { code: codeOf(error), message: String(error) } }),
  );
  process.send?.(answer satisfies Answer, () => {
    if (call === 'close') process.disconnect();
  });
}

process.on('message', (request: Request) => void serve(request));
process.on('disconnect', () => setTimeout(() => process.exit(1), 20_000).unref());
process.send?.({ id: 0, result: 'ready' } satisfies Answer);
