import { count, milliseconds } from './format.js';
import { roleOf, type RunFigures } from './summary.js';

export interface Column {
  title: string;
  of: (run: RunFigures) => string;
  /** Whether this run's cell is bad news. */
  isBad?: (run: RunFigures) => boolean;
}

/** What a person has to see of each run. Times are time to terminal: accepted until reserved or rejected. */
export const columns: Column[] = [
  { title: 'run', of: roleOf },
  { title: 'strategy', of: ({ strategy }) => strategy },
  { title: 'workers', of: ({ workers }) => count(workers) },
  { title: 'accepted', of: ({ accepted }) => count(accepted) },
  { title: 'stock', of: ({ initialStock }) => count(initialStock) },
  { title: 'sold', of: ({ live }) => count(live) },
  bad('oversold', ({ oversold }) => oversold),
  bad('undersold', ({ undersold }) => undersold),
  bad('lost updates', ({ lostUpdates }) => lostUpdates),
  { title: 'orders/s', of: ({ ordersPerSecond }) => count(Math.round(ordersPerSecond)) },
  { title: 'p50 ms', of: ({ timeToTerminalMs }) => milliseconds(timeToTerminalMs.p50) },
  { title: 'p95 ms', of: ({ timeToTerminalMs }) => milliseconds(timeToTerminalMs.p95) },
  { title: 'p99 ms', of: ({ timeToTerminalMs }) => milliseconds(timeToTerminalMs.p99) },
];

function bad(title: string, pick: (run: RunFigures) => number): Column {
  return { title, of: (run) => count(pick(run)), isBad: (run) => pick(run) > 0 };
}

const wordColumns = 2;

/** The table as text: words to the left, numbers to the right, bad news through `mark`. */
export function formatTable(runs: RunFigures[], mark: (text: string) => string): string {
  const widths = columns.map(({ title, of }) => Math.max(title.length, ...runs.map((run) => of(run).length)));
  const pad = (text: string, i: number) =>
    i < wordColumns ? text.padEnd(widths[i]!) : text.padStart(widths[i]!);
  const line = (cells: string[]) => cells.join('  ').trimEnd();
  return [
    line(columns.map(({ title }, i) => pad(title, i))),
    line(widths.map((width) => '─'.repeat(width))),
    ...runs.map((run) =>
      line(columns.map(({ of, isBad }, i) => (isBad?.(run) ? mark : String)(pad(of(run), i)))),
    ),
  ].join('\n');
}
