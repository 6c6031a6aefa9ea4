import { expect } from 'vitest';
import { startPrometheus } from '../../../../local/services/prometheus.js';
import type { Service } from '../../../../local/services/service.js';
import type { Stack } from '../../../../local/stack/stack.js';

/** Seconds of a dashboard's step. */
const STEP = 5;

/** A Prometheus that watches a stack, and the alerts that were waited for and have fired. */
export class Monitor {
  readonly #began = Date.now() / 1_000;
  readonly fired = new Set<string>();

  private constructor(private readonly server: Service) {}

  /** Durations in the rules are so many times shorter. */
  static async of(stack: Stack, timesShorter: number): Promise<Monitor> {
    const workers = stack.workers.map(({ url }) => url);
    const jobs = { 'checkout-api': stack.apiUrls, 'checkout-worker': workers };
    return new Monitor(await startPrometheus(jobs, timesShorter));
  }

  /** Resolves once each of these has fired since the call. */
  async fires(timeout: number, ...alerts: string[]): Promise<void> {
    const seen = new Set<string>();
    const missing = async () => {
      for (const alert of await this.#firing()) seen.add(alert);
      return alerts.filter((alert) => !seen.has(alert));
    };
    await expect.poll(missing, { timeout, interval: 500 }).toEqual([]);
    for (const alert of alerts) this.fired.add(alert);
  }

  /** Resolves once none fires. */
  async isQuiet(timeout: number): Promise<void> {
    await expect.poll(() => this.#firing(), { timeout, interval: 500 }).toEqual([]);
  }

  /** How many numbers a query of the dashboard has told since the start. */
  async samplesOf(query: string): Promise<number> {
    const end = Date.now() / 1_000;
    const span = `${Math.ceil(end - this.#began)}s`;
    const parameters = {
      query: query.replaceAll('$__rate_interval', `${STEP * 4}s`).replaceAll('$__range', span),
      start: String(this.#began),
      end: String(end),
      step: String(STEP),
    };
    const series = await this.#ask<{ values: [time: number, value: string][] }>('query_range', parameters);
    return series.flatMap(({ values }) => values).filter(([, value]) => value !== 'NaN').length;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  async #firing(): Promise<string[]> {
    const query = 'ALERTS{alertstate="firing"}';
    const series = await this.#ask<{ metric: { alertname: string } }>('query', { query });
    return [...new Set(series.map(({ metric }) => metric.alertname))];
  }

  async #ask<T>(what: 'query' | 'query_range', parameters: Record<string, string>): Promise<T[]> {
    const response = await fetch(
      `${this.server.url}/api/v1/${what}?${new URLSearchParams(parameters).toString()}`,
    );
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return ((await response.json()) as { data: { result: T[] } }).data.result;
  }
}
