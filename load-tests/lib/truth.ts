import { sleep } from 'k6';
import { Counter, Gauge } from 'k6/metrics';
import { getAudit, type AuditTotal } from './api.ts';
import { config, type Expectation } from './config.ts';

// A gauge that was never set passes `value==0`. This one proves that the audit was read at all.
const audits = new Counter('audits');
const gauges = {
  initial: new Gauge('audit_initial'),
  available: new Gauge('audit_available'),
  held: new Gauge('audit_held'),
  sold: new Gauge('audit_sold'),
  rejected: new Gauge('audit_rejected'),
  pending: new Gauge('audit_pending'),
  oversold: new Gauge('audit_oversold'),
  undersold: new Gauge('audit_undersold'),
  refusedWithStock: new Gauge('audit_refused_with_stock'),
  lostUpdates: new Gauge('audit_lost_updates'),
  conserved: new Gauge('audit_conserved'),
};

const settled = { audits: ['count==1'], audit_pending: ['value==0'] };
const byExpectation: Record<Expectation, Record<string, string[]>> = {
  safe: {
    audit_oversold: ['value==0'],
    audit_undersold: ['value==0'],
    audit_lost_updates: ['value==0'],
    audit_conserved: ['value==1'],
  },
  oversold: { audit_oversold: ['value>0'] },
  any: {},
};

export const truthThresholds = { ...settled, ...byExpectation[config.expect] };

/** Longer than the drain may take, so that a queue that stands still ends in figures rather than in a time-out. */
export const teardownTimeout = `${config.drainTimeoutSeconds + 30}s`;

const isSettled = ({ pending }: AuditTotal) => pending === 0;
export const isOver = ({ pending, held }: AuditTotal) => pending === 0 && held === 0;

/** Waits until every accepted order is settled, or the sale is over, then records what the database says. */
export function recordTruth(saleId: string, ready = isSettled): void {
  const deadline = Date.now() + config.drainTimeoutSeconds * 1000;
  let total = getAudit(saleId);
  while (!ready(total) && Date.now() < deadline) {
    sleep(0.25);
    total = getAudit(saleId);
  }
  audits.add(1);
  for (const [name, gauge] of Object.entries(gauges)) gauge.add(Number(total[name as keyof typeof gauges]));
}
