import { loadWorkerConfig, redisServersOf } from '@app/config';
import { locksIn, resourcesOf, strategyOf, type StrategyName } from '@app/inventory';
import { backendOf, Locks, processOf, type Lock } from '@app/lock';
import { openShards } from '@app/servers';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import type { Replica } from '../stack/replica.js';
import { ConflictError, type ControlledStack } from './stack.js';

interface Crash {
  saleId: string;
  worker: string;
  /** As the API names it among holders and waiters. */
  process: string;
  /** Whether it held a lock of the sale when it was killed. */
  heldLock: boolean;
  /** In milliseconds since 1970. */
  at: number;
  /** From the crash to the next commit of another worker in this sale; absent while there was none. */
  deadMs?: number;
}

interface Sale {
  strategy: StrategyName;
  stripes: number;
  items: { sku: string }[];
}

/** Milliseconds: how long a lock may be free before any worker is killed, and how long the next commit is waited for. */
const HOLDER_WITHIN_MS = 2_000;
const COMMIT_WITHIN_MS = 150_000;
const PAST = 10;

const NOW_SQL = 'SELECT clock_timestamp() AS now';
const NEXT_COMMIT_SQL = `
  SELECT extract(epoch FROM min(committed_at) - $2::timestamptz)::float8 * 1000 AS ms FROM stock_movements
  WHERE sale_id = $1 AND committed_at > $2 AND (holder IS NULL OR holder NOT LIKE $3)`;

/** Kills the worker that holds the lock of a sale, measures how long nobody sells, and starts the worker again. */
export class Crashes {
  past: Crash[] = [];
  readonly #starting = new Set<Replica>();
  readonly #locks: Locks;
  readonly #pool: Pool;

  constructor(private readonly stack: ControlledStack) {
    const servers = redisServersOf(loadWorkerConfig(stack.env));
    const silent = { warn: () => undefined }; // the next command tells
    const shards = openShards(servers, { name: 'control', patience: 'requests' }, silent);
    this.#locks = new Locks({ redis: locksIn(shards) });
    this.#pool = new Pool({ connectionString: stack.databaseUrl, max: 2 });
    this.#pool.on('error', () => undefined); // so does the next query
  }

  get workers() {
    return this.stack.workers.map((worker) => ({
      name: this.#nameOf(worker),
      process: worker.pid === undefined ? null : processNamed(worker.pid),
      up: worker.pid !== undefined && !this.#starting.has(worker),
    }));
  }

  /** @throws {ConflictError} when no worker runs that could be killed */
  async crashHolder(saleId: string): Promise<Crash> {
    const sale = await this.#sale(saleId);
    const caught = await this.#catchHolder(saleId, sale);
    const worker =
      caught ?? this.stack.workers.find((each) => each.pid !== undefined && !this.#starting.has(each));
    const pid = worker?.pid;
    if (!worker || pid === undefined)
      throw new ConflictError('No worker runs: wait until one has started again.');
    await worker.kill('SIGKILL');
    const { rows } = await this.#pool.query<{ now: Date }>(NOW_SQL);
    const crash: Crash = {
      saleId,
      worker: this.#nameOf(worker),
      process: processNamed(pid),
      heldLock: caught !== undefined,
      at: Date.now(),
    };
    this.past = [crash, ...this.past].slice(0, PAST);
    void this.#follow(crash, rows[0]!.now, pid);
    void this.#startAgain(worker);
    return crash;
  }

  /** Stops a holder before it is killed: between the look and the blow the lock could pass on. */
  async #catchHolder(saleId: string, { strategy, stripes, items }: Sale): Promise<Replica | undefined> {
    const { lock: driver } = strategyOf(strategy);
    if (!driver || backendOf(driver) !== 'redis') return undefined;
    const lock = await this.#locks.of(driver);
    const resources = items.flatMap(({ sku }) => resourcesOf({ saleId, sku }, stripes));
    const until = Date.now() + HOLDER_WITHIN_MS;
    for (let i = 0; Date.now() < until; i++) {
      const resource = resources[i % resources.length]!;
      const holder = await this.#holder(lock, resource);
      if (!holder?.pid) await delay(1);
      else {
        holder.freeze();
        if ((await this.#holder(lock, resource)) === holder) return holder;
        holder.thaw();
      }
    }
    return undefined;
  }

  async #holder(lock: Lock, resource: string): Promise<Replica | undefined> {
    const { holder = '' } = (await lock.inspect(resource)) ?? {};
    const pid = processOf(holder)?.pid;
    return this.stack.workers.find((worker) => pid !== undefined && worker.pid === pid);
  }

  async #follow(crash: Crash, since: Date, pid: number): Promise<void> {
    const until = Date.now() + COMMIT_WITHIN_MS;
    while (crash.deadMs === undefined && Date.now() < until) {
      await delay(50);
      const next = this.#pool.query<{ ms: number | null }>(NEXT_COMMIT_SQL, [
        crash.saleId,
        since,
        `%~${pid}~%`,
      ]);
      const { rows } = await next.catch(() => ({ rows: [] }));
      crash.deadMs = rows[0]?.ms ?? undefined;
    }
  }

  async #startAgain(worker: Replica): Promise<void> {
    this.#starting.add(worker);
    try {
      await worker.start();
    } catch (error) {
      console.error(`\n✗ ${(error as Error).message}`);
    } finally {
      this.#starting.delete(worker);
    }
  }

  async #sale(saleId: string): Promise<Sale> {
    const answer = await fetch(`${this.stack.apiUrls[0]}/sales/${saleId}`);
    if (!answer.ok) throw new ConflictError(`The sale cannot be read: ${answer.status}.`);
    return (await answer.json()) as Sale;
  }

  #nameOf(worker: Replica): string {
    return `worker-${this.stack.workers.indexOf(worker) + 1}`;
  }
}

const processNamed = (pid: number) => `${hostname().replaceAll(/[^\w.-]/g, '-')}:${pid}`;
