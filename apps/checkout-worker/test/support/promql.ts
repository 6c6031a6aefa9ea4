import { parser } from '@prometheus-io/lezer-promql';

/** What a PromQL expression asks for: a metric, and the labels it matches or groups by beside it. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** The selectors of an expression. Throws where it is not valid PromQL; variables of Grafana count as a duration. */
export function selectorsOf(expression: string): Selector[] {
  const text = expression.replaceAll(/\$__(rate_interval|range)/g, '1m');
  const selectors: { metric: string; labels: string[] }[] = [];
  parser.parse(text).iterate({
    enter: ({ name, type, from, to }) => {
      const source = text.slice(from, to);
      if (type.isError) throw new Error(`not PromQL at ${from}: ${expression}`);
      if (name === 'Identifier') selectors.push({ metric: source, labels: [] });
      if (name === 'UnquotedLabelMatcher') selectors.at(-1)!.labels.push(/^\w+/.exec(source)![0]);
    },
  });
  return selectors;
}

/** Every metric of an exposition in Prometheus' text format, with the labels of its samples. */
export function metricsIn(exposition: string): Map<string, Set<string>> {
  const metrics = new Map<string, Set<string>>();
  for (const [, name, type] of exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes) metrics.set(`${name}${suffix}`, new Set<string>());
  }
  for (const [, name, labels = ''] of exposition.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    for (const [, label] of labels.matchAll(/(\w+)="/g)) metrics.get(name!)?.add(label!);
  }
  return metrics;
}
