import { describe, expect, it } from 'vitest';
import { counted, milliseconds } from './format.js';
import type { RunFigures } from './summary.js';
import { formatTable, runColumns } from './table.js';

const run: RunFigures = {
  strategy: 'none',
  workers: 4,
  apiReplicas: 2,
  batchSize: 64,
  initialStock: 1_000,
  requests: 3_000,
  accepted: 1_900,
  live: 1_700,
  available: 12,
  oversold: 700,
  undersold: 0,
  lostUpdates: 90,
  conserved: false,
  ordersPerSecond: 512.4,
  latencyMs: { p50: 1, p95: 2, p99: 3 },
  timeToTerminalMs: { p50: 4.26, p95: 48.9, p99: 1_234.5 },
  droppedIterations: 0,
};

describe('formatTable', () => {
  it('lines words up on the left and numbers on the right', () => {
    const table = formatTable(
      runColumns,
      [run, { ...run, strategy: 'conditional-update', oversold: 0, lostUpdates: 0 }],
      String,
    );
    expect(table).toBe(
      [
        'run       strategy            workers  accepted  stock   sold  oversold  undersold  lost updates  orders/s  p50 ms  p95 ms  p99 ms',
        '────────  ──────────────────  ───────  ────────  ─────  ─────  ────────  ─────────  ────────────  ────────  ──────  ──────  ──────',
        'lock-off  none                      4     1,900  1,000  1,700       700          0            90       512     4.3      49   1,230',
        'lock-on   conditional-update        4     1,900  1,000  1,700         0          0             0       512     4.3      49   1,230',
      ].join('\n'),
    );
  });

  it('marks what went wrong, and nothing else', () => {
    const marked: string[] = [];
    formatTable(runColumns, [run], (text) => {
      marked.push(text.trim());
      return text;
    });
    expect(marked).toEqual(['700', '90']);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [0.1234, '0.12'],
    [12.34, '12'],
    [123.4, '123'],
  ])('%d ms is shown as %s', (value, shown) => {
    expect(milliseconds(value)).toBe(shown);
  });

  it('counts one thing in the singular', () => {
    expect([counted(1, 'order'), counted(2_000, 'order')]).toEqual(['1 order', '2,000 orders']);
  });
});
