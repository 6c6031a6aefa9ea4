import { Lock, type LockDriver, type LockOptions, type LockTraits } from '../../src/index.js';
import { openDriver, type BackendUrls } from './backends.js';
import { Network } from './network.js';
import { ContenderProcess } from './contender-process.js';
import { Ledger } from './ledger.js';
import type { Store } from './stores/store.js';

let resources = 0;

/** How much the checks do, and how long they wait in milliseconds for what must happen, before they call it missing. */
export interface Effort {
  readonly patience: number;
  readonly writes: number;
  readonly cycles: number;
}

export const THOROUGH: Effort = { patience: 10_000, writes: 200, cycles: 10_000 };
export const BRIEF: Effort = { ...THOROUGH, writes: 100, cycles: 1_000 };

/** A driver under test with its real server, and everything a check opens: ended after each check. */
export class Subject {
  readonly ledger: Ledger;
  readonly #processes: ContenderProcess[] = [];
  readonly #closing: (() => Promise<unknown>)[] = [];

  constructor(
    readonly name: string,
    readonly traits: LockTraits,
    readonly store: Store,
    private readonly ledgerUrl: string,
    readonly effort = THOROUGH,
  ) {
    this.ledger = new Ledger(ledgerUrl);
  }

  /** The shortest TTL, in milliseconds, that leaves a busy machine the time to extend it. */
  get ttl() {
    return Math.max(this.traits.leastTtl, 1_500);
  }

  /** A lock that is waited for as long as needed. */
  get options(): LockOptions {
    return { ttl: this.ttl, wait: 60_000 };
  }

  /** Not to be granted: the lock is taken. */
  get briefly(): LockOptions {
    return { ttl: this.ttl, wait: 300 };
  }

  /** From a crash of the holder until the next grant, in milliseconds, with allowance for a busy machine. */
  deadTime(ttl = this.ttl): number {
    const { deadTtls = 0, deadExtraMs = 0 } = this.traits;
    return deadTtls * ttl + deadExtraMs + this.effort.patience;
  }

  resource() {
    return `conformance:${process.pid}-${Date.now()}-${++resources}`;
  }

  async driver(backends: BackendUrls = this.store.backends): Promise<LockDriver> {
    const driver = await openDriver(this.name, backends);
    this.#closing.push(() => driver.close());
    return driver;
  }

  async lock(backends?: BackendUrls): Promise<Lock> {
    return new Lock(await this.driver(backends));
  }

  /** Two locks that know nothing of each other, unless nothing but one driver keeps its callers apart. */
  async twoLocks(): Promise<[Lock, Lock]> {
    const lock = await this.lock();
    return [lock, this.traits.excludes === 'processes' ? await this.lock() : lock];
  }

  async network(): Promise<Network> {
    const network = await Network.to(this.store.backends);
    this.#closing.push(() => network.close());
    return network;
  }

  /** A process of the check's own. */
  async process(): Promise<ContenderProcess> {
    const process = await ContenderProcess.open(this.name, this.store.backends, this.ledgerUrl);
    this.#closing.push(() => process.kill());
    return process;
  }

  /** So many processes that are alive; they are kept for the next check. */
  async processes(count: number): Promise<ContenderProcess[]> {
    const alive = this.#processes.filter((process) => process.alive);
    const missing = Array.from({ length: Math.max(0, count - alive.length) }, () =>
      ContenderProcess.open(this.name, this.store.backends, this.ledgerUrl),
    );
    this.#processes.splice(0, Infinity, ...alive, ...(await Promise.all(missing)));
    return this.#processes.slice(0, count);
  }

  async endCheck(failed: boolean) {
    await Promise.all(
      this.#closing
        .splice(0)
        .toReversed()
        .map((close) => close()),
    );
    // After a failure they may still be at work.
    if (failed) await this.#killProcesses();
  }

  async close() {
    await this.endCheck(true);
    await this.ledger.close();
    await this.store.stop();
  }

  async #killProcesses() {
    await Promise.all(this.#processes.splice(0).map((process) => process.kill()));
  }
}
