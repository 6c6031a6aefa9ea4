import type { Table } from '../report/table.js';
import { count, milliseconds } from './format.js';
import type { JourneyFigures } from './journey/journey-figures.js';
import { roleOf, type RunFigures, type Summary } from './summary.js';

export interface Column<T> {
  title: string;
  of: (figures: T) => string;
  /** Whether this cell is bad news. */
  isBad?: (figures: T) => boolean;
}

/** What a person has to see of each run. Times are time to terminal: accepted until reserved or rejected. */
export const runColumns: Column<RunFigures>[] = [
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

export const journeyColumns: Column<JourneyFigures>[] = [
  { title: 'run', of: () => 'journey' },
  { title: 'strategy', of: ({ strategy }) => strategy },
  { title: 'buyers', of: ({ requests }) => count(requests) },
  { title: 'waited', of: ({ waited }) => count(waited) },
  { title: 'reserved', of: ({ accepted }) => count(accepted) },
  { title: 'walked away', of: ({ walkedAway }) => count(walkedAway) },
  { title: 'declined', of: ({ declined }) => count(declined) },
  { title: 'sold again', of: ({ soldAgain }) => count(soldAgain) },
  { title: 'stock', of: ({ initialStock }) => count(initialStock) },
  { title: 'paid', of: ({ sold }) => count(sold) },
  bad('held', ({ held }) => held),
  bad('oversold', ({ oversold }) => oversold),
  bad('undersold', ({ undersold }) => undersold),
  bad('lost updates', ({ lostUpdates }) => lostUpdates),
];

function bad<T>(title: string, pick: (figures: T) => number): Column<T> {
  return { title, of: (figures) => count(pick(figures)), isBad: (figures) => pick(figures) > 0 };
}

const wordColumns = 2;

/** The table as text: words to the left, numbers to the right, bad news through `mark`. */
export function formatTable<T>(columns: Column<T>[], rows: T[], mark: (text: string) => string): string {
  const widths = columns.map(({ title, of }) => Math.max(title.length, ...rows.map((row) => of(row).length)));
  const pad = (text: string, i: number) =>
    i < wordColumns ? text.padEnd(widths[i]!) : text.padStart(widths[i]!);
  const line = (cells: string[]) => cells.join('  ').trimEnd();
  return [
    line(columns.map(({ title }, i) => pad(title, i))),
    line(widths.map((width) => '─'.repeat(width))),
    ...rows.map((row) =>
      line(columns.map(({ of, isBad }, i) => (isBad?.(row) ? mark : String)(pad(of(row), i)))),
    ),
  ].join('\n');
}

/** The same for the documentation, where bad news is bold. */
export function demoTables({ verdict, reasons, runs, journey }: Summary): Table[] {
  const table = <T>(name: string, title = '', columns: Column<T>[], rows: T[]): Table => ({
    name,
    title: `${verdict}: ${title}`,
    head: columns.map((column) => column.title),
    words: wordColumns,
    rows: rows.map((row) => columns.map(({ of, isBad }) => (isBad?.(row) ? `**${of(row)}**` : of(row)))),
  });
  return [
    table('demo, runs', reasons[0], runColumns, runs),
    table('demo, journey', reasons[1], journeyColumns, journey ? [journey] : []),
  ];
}
