import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper, type Webhook } from './shopper.js';
import { alerts, queries, read } from './support/monitoring.js';
import { metricsIn, selectorsOf } from './support/promql.js';
import { startedStack } from './support/started-stack.js';

/** Made by Prometheus itself, and the labels that it adds to each sample. */
const OF_PROMETHEUS = new Set(['up', 'ALERTS']);
const ADDED_LABELS = ['job', 'instance'];

let stack: Stack;
let exported: Map<string, Set<string>>;
let webhook: Webhook;
beforeAll(async () => {
  stack = await startedStack();
  const shopper = new Shopper(stack);
  const saleId = await shopper.openSale('redis', 5);
  await shopper.stampede(saleId, 20);
  await shopper.drained(saleId);
  webhook = await shopper.webhook('https://hooks.example/');
  const pages = [stack.apis[0]!, stack.workers[0]!].map(async ({ url }) =>
    (await fetch(`${url}/metrics`)).text(),
  );
  exported = metricsIn((await Promise.all(pages)).join('\n'));
});
afterAll(async () => {
  await webhook.remove();
  await stack.stop();
});

function expectExported(expr: string) {
  const selectors = selectorsOf(expr);
  expect(selectors).not.toHaveLength(0);
  for (const { metric, labels } of selectors.filter((each) => !OF_PROMETHEUS.has(each.metric))) {
    expect([...exported.keys()]).toContain(metric);
    const known = [...exported.get(metric)!, ...ADDED_LABELS];
    for (const label of labels) expect(known).toContain(label);
  }
}

describe('alert rules', () => {
  it.each(alerts)('$alert asks for what the processes export', ({ expr }) => expectExported(expr));

  it.each(alerts)('$alert has its section in the runbook', ({ alert, labels, annotations }) => {
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(annotations.summary).not.toBe('');
    expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    expect(read('docs/runbook.md')).toMatch(new RegExp(`^## ${alert}$`, 'm'));
  });

  it.each(alerts)('$alert has a test, which promtool runs', ({ alert }) => {
    expect(read('deploy/prometheus/alerts.test.yml')).toContain(`alertname="${alert}"`);
  });

  it('are read by the Prometheus of the compose file', () => {
    const { rule_files: files } = parse(read('deploy/prometheus/prometheus.yml')) as { rule_files: string[] };
    expect(files).toEqual(['alerts.yml']);
    const { services } = parse(read('docker-compose.yml'), { merge: true, maxAliasCount: -1 }) as {
      services: { prometheus: { volumes: string[] } };
    };
    expect(services.prometheus.volumes).toContain('./deploy/prometheus:/etc/prometheus:ro');
  });
});

describe('dashboard', () => {
  it.each(queries)('$title shows what the processes export', ({ expr }) => expectExported(expr));
});
