import { postgresOf, type WorkerConfig } from '@app/config';
import { openPool } from '@app/database';
import { Deliveries, Feed, type Turn } from '@app/events';
import { ThinnedLog } from '@app/servers';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import type { Pool } from 'pg';
import { again } from './again.js';
import { CONFIG } from './redis.module.js';

/** Its own, so that events never take a connection from orders. */
const CONNECTIONS = 3;
/** In milliseconds: between two looks for events to publish or to deliver. */
const LOOK_MS = 500;
const TRIM_MS = 60_000;

/**
 * Brings events from the outbox into the feed, and to the webhooks. Every worker does; it needs Postgres alone. What two of them
 * find is published once, and one at a time delivers to a webhook.
 */
@Injectable()
export class EventRelay implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #log = new ThinnedLog(new Logger(EventRelay.name));
  readonly #shutdown = new AbortController();
  readonly #pool: Pool;
  readonly #feed: Feed;
  readonly #deliveries: Deliveries;
  readonly #delivering = new Set<Promise<void>>();
  #loops: Promise<unknown> | undefined;

  constructor(@Inject(CONFIG) private readonly config: WorkerConfig) {
    setMaxListeners(0, this.#shutdown.signal); // every webhook's delivery listens to it
    const { WEBHOOK_TIMEOUT_MS: timeout, WEBHOOK_MAX_ATTEMPTS: maxAttempts } = config;
    const applicationName = 'checkout-worker-events';
    const { main } = postgresOf(config);
    this.#pool = openPool({ ...main, poolSize: CONNECTIONS, applicationName, log: this.#log });
    this.#feed = new Feed(this.#pool);
    this.#deliveries = new Deliveries(this.#pool, { timeout, maxAttempts });
  }

  onApplicationBootstrap() {
    const { EVENTS_RETENTION_HOURS: hours } = this.config;
    const onError = (error: unknown) => this.#log.warn(error, 'events wait for the next try');
    const until = { ending: this.#shutdown.signal, onError };
    this.#loops = Promise.all([
      again(LOOK_MS, () => this.#feed.publish(), until),
      again(LOOK_MS, () => this.#deliver(), until),
      again(TRIM_MS, () => this.#feed.trim(hours), until),
    ]);
  }

  /** Requests under way are cut off; another worker repeats them. */
  async beforeApplicationShutdown() {
    this.#shutdown.abort();
    await this.#loops;
    await Promise.all(this.#delivering);
  }

  onApplicationShutdown(): Promise<void> {
    return this.#pool.end();
  }

  /** Begins where there is something to deliver. A slow webhook holds nobody up: nobody waits for it here. */
  async #deliver() {
    for (const turn of await this.#deliveries.begin()) {
      const delivering = this.#deliverAll(turn)
        .catch((error: unknown) => this.#log.warn(error, 'will be delivered again', { webhook: turn.id }))
        .finally(() => this.#delivering.delete(delivering));
      this.#delivering.add(delivering);
    }
  }

  async #deliverAll(first: Turn) {
    const { signal } = this.#shutdown;
    for (let turn: Turn | undefined = first; turn;) {
      await this.#deliveries.round(turn, signal);
      turn = signal.aborted ? undefined : (await this.#deliveries.begin(turn.id))[0];
    }
  }
}
