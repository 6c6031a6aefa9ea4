import { Webhooks, type Webhook } from '@app/events';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';

/** How far events have come, read on request. While Postgres is down it is unknown; the other metrics are still served. */
@Injectable()
export class EventMetrics {
  readonly gauges: readonly Gauge[];
  #reading: Promise<readonly Webhook[]> | undefined;

  constructor(private readonly webhooks: Webhooks) {
    const unpublished = new Gauge({
      name: 'events_unpublished_seconds',
      help: 'Age of the oldest event that no worker has taken into the feed',
      async collect() {
        this.set(await webhooks.unpublishedSeconds().catch(() => Number.NaN));
      },
    });
    this.gauges = [
      unpublished,
      this.#ofEach(
        'webhook_lag_seconds',
        'Age of the oldest event that a webhook has not accepted',
        'lagSeconds',
      ),
      this.#ofEach('webhook_behind_events', 'Events that a webhook has before it', 'behind'),
      this.#ofEach(
        'webhook_held_orders',
        'Orders whose next event a webhook refused and is sent again',
        'held',
      ),
      this.#ofEach(
        'webhook_dead_orders',
        'Orders whose next event a webhook refused until it was given up',
        'dead',
      ),
    ];
  }

  #ofEach(name: string, help: string, figure: 'lagSeconds' | 'behind' | 'held' | 'dead'): Gauge {
    const read = () => this.#all();
    return new Gauge({
      name,
      help,
      labelNames: ['webhook', 'host'],
      async collect() {
        const all = await read();
        this.reset();
        for (const { id: webhook, url, [figure]: value } of all)
          this.set({ webhook, host: new URL(url).host }, value);
      },
    });
  }

  /** One look serves all gauges. */
  #all(): Promise<readonly Webhook[]> {
    const looked = () => (this.#reading = undefined);
    this.#reading ??= this.webhooks
      .list()
      .catch(() => [])
      .finally(looked);
    return this.#reading;
  }
}
