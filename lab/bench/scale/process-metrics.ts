import type { Replica } from '../../../local/stack/replica.js';

/** What a process says about itself: the metrics without labels, by name. */
export type ProcessMetrics = ReadonlyMap<string, number>;

export const processMetrics = (replicas: readonly Replica[]): Promise<ProcessMetrics[]> =>
  Promise.all(replicas.map(async ({ url }) => parse(await (await fetch(`${url}/metrics`)).text())));

export const largest = (processes: readonly ProcessMetrics[], metric: string) =>
  Math.max(...processes.map((metrics) => metrics.get(metric) ?? Number.NaN));

/** The Prometheus text format, as far as a line is a name and a number. */
function parse(text: string): ProcessMetrics {
  return new Map([...text.matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
}
