/** A process that tells of itself at `/metrics`. */
export interface Watched {
  readonly url: string;
}

/** What a process says about itself: the metrics without labels, by name. */
export type ProcessMetrics = ReadonlyMap<string, number>;

export const processMetrics = (replicas: readonly Watched[]): Promise<ProcessMetrics[]> =>
  Promise.all(replicas.map(async ({ url }) => parse(await (await fetch(`${url}/metrics`)).text())));

export const largest = (processes: readonly ProcessMetrics[], metric: string) =>
  Math.max(...processes.map((metrics) => metrics.get(metric) ?? Number.NaN));

/** Each of these metrics summed over all its labels and over these processes. */
export async function totalsOf(replicas: readonly Watched[], metrics: readonly string[]): Promise<number[]> {
  const texts = await Promise.all(replicas.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const series = texts.flatMap((text) => Array.from(text.matchAll(/^(\w+)(?:\{[^}]*\})? (\S+)$/gm)));
  return metrics.map((metric) =>
    series.reduce((sum, [, name, value]) => sum + (name === metric ? Number(value) : 0), 0),
  );
}

/** The Prometheus text format, as far as a line is a name and a number. */
function parse(text: string): ProcessMetrics {
  return new Map([...text.matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
}
