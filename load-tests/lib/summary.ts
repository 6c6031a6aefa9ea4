import { config } from './config.ts';

/** What k6 hands to `handleSummary`, as far as it is used here. */
interface SummaryData {
  setup_data?: { saleId: string; stock?: number };
  metrics: Record<string, Metric | undefined>;
  root_group: { checks: { name: string; passes: number; fails: number }[] };
}

interface Metric {
  values: Record<string, number>;
  thresholds?: Record<string, { ok: boolean }>;
}

export const summaryTrendStats = ['p(50)', 'p(95)', 'p(99)', 'max'];

/** The summary of a test: a readable text, and `k6-summary.json` for programs. */
export const summaryOf = (name: string) => (data: SummaryData) => {
  const { saleId, stock } = data.setup_data ?? {};
  if (!saleId) return { stdout: `${name}: no sale was created, so nothing was measured\n` };
  const summary = { saleId, stock, ...figures(data) };
  const lines = [`\n${name}, sale ${saleId}`, ...text(summary), ...failedChecks(data), ...thresholds(data)];
  return {
    stdout: `${lines.join('\n  ')}\n`,
    ...(config.summaryDir && { [`${config.summaryDir}/k6-summary.json`]: JSON.stringify(summary, null, 2) }),
  };
};

const unexpectedIn = ['checkouts_unexpected', 'payments_unexpected', 'attacks_unexpected'];

function figures({ metrics }: SummaryData) {
  const count = (metric: string, field = 'count') => metrics[metric]?.values[field] ?? 0;
  const percentiles = (metric: string) => {
    const at = (field: string) => metrics[metric]?.values[field] ?? 0;
    return { p50: at('p(50)'), p95: at('p(95)'), p99: at('p(99)') };
  };
  const named = (prefix: string, field: string) =>
    Object.keys(metrics)
      .filter((metric) => metric.startsWith(prefix))
      .map((metric) => [metric.slice(prefix.length), count(metric, field)] as const)
      .sort(([a], [b]) => a.localeCompare(b));
  return {
    requests: count('checkouts'),
    accepted: count('checkouts_accepted'),
    soldOut: count('checkouts_sold_out'),
    refused: count('checkouts_refused'),
    unexpected: unexpectedIn.reduce((sum, metric) => sum + count(metric), 0),
    droppedIterations: count('dropped_iterations'),
    checks: { passed: count('checks', 'passes'), failed: count('checks', 'fails') },
    latencyMs: percentiles('checkout_duration'),
    paymentMs: percentiles('payment_duration'),
    attacks: count('attacks'),
    journeys: Object.fromEntries(named('journeys_', 'count')),
    audit: Object.fromEntries(named('audit_', 'value')),
  };
}

function text(summary: ReturnType<typeof figures>): string[] {
  const { requests, accepted, soldOut, refused, unexpected, droppedIterations, checks, latencyMs, audit } =
    summary;
  const { p50, p95, p99 } = latencyMs;
  const audited = Object.entries(audit).map(([name, value]) => `${value} ${name.replaceAll('_', ' ')}`);
  const checked = checks.passed + checks.failed > 0;
  const checkoutLines = [
    `checkouts  ${requests}: ${accepted} accepted, ${soldOut} sold out, ${refused} refused, ${unexpected} unexpected; ${droppedIterations} dropped`,
    `latency    p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  ];
  const checkLine = `checks     ${checks.passed} passed, ${checks.failed} failed`;
  return [
    ...(requests > 0 ? checkoutLines : checked ? [checkLine] : []),
    ...(audited.length > 0 ? [`audit      ${audited.join(', ')}`] : []),
  ];
}

function failedChecks({ root_group }: SummaryData): string[] {
  return root_group.checks.filter(({ fails }) => fails > 0).map(({ name }) => `✗ ${name}`);
}

function thresholds({ metrics }: SummaryData): string[] {
  return Object.entries(metrics)
    .flatMap(([metric, entry]) =>
      Object.entries(entry?.thresholds ?? {}).map(([rule, { ok }]) => `${ok ? '✓' : '✗'} ${metric} ${rule}`),
    )
    .sort();
}
