import { OwnDatabase, TcpProxy } from '@app/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type { Env } from '../../../../local/stack/replica.js';
import type { Stack } from '../../../../local/stack/stack.js';
import { Shopper } from '../shopper.js';
import { Monitor } from './monitor.js';
import { Rival } from './rival.js';
import { startedStack } from './started-stack.js';

/** Two APIs and two workers that a Prometheus watches. They reach a database of their own by way of a relay. */
export class WatchedStack {
  readonly shopper: Shopper;
  readonly pool: pg.Pool;

  private constructor(
    readonly stack: Stack,
    readonly monitor: Monitor,
    readonly rival: Rival,
    readonly postgres: TcpProxy,
    private readonly database: OwnDatabase,
  ) {
    this.shopper = new Shopper(stack);
    this.pool = new pg.Pool({ connectionString: database.url });
  }

  /** Durations in the rules are so many times shorter. */
  static async start(env: Env, timesShorter: number): Promise<WatchedStack> {
    const rival = new Rival();
    await rival.redis.flushdb(); // what other tests have left
    const database = await OwnDatabase.create(inject('databaseUrl'));
    const postgres = await TcpProxy.before(database.url);
    const DATABASE_URL = postgres.leadingTo(database.url);
    const stack = await startedStack({ DATABASE_URL, ...env }, { apis: 2, workers: 2 });
    return new WatchedStack(stack, await Monitor.of(stack, timesShorter), rival, postgres, database);
  }

  async stop(): Promise<void> {
    await this.monitor.stop();
    await this.stack.stop();
    await this.postgres.close();
    await this.rival.stop();
    await this.pool.end();
    await this.database.drop();
  }

  read = (): Promise<Response> => fetch(`${this.#api()}/sales`, { signal: AbortSignal.timeout(5_000) });

  /** A checkout, whatever is answered. */
  buy(saleId: string): Promise<Response> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    const body = JSON.stringify({ sku: 'hot', quantity: 1, buyerId: randomUUID() });
    return fetch(`${this.#api()}/sales/${saleId}/checkouts`, { method: 'POST', headers, body });
  }

  #api(): string {
    return this.stack.apiUrls[0]!;
  }
}
