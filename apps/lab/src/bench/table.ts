/** Columns as wide as they need to be: the first one flush left, figures flush right. */
export function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   ');
  const rule = widths.map((width) => '-'.repeat(width)).join('---');
  return ['', title, '', line(head), rule, ...rows.map(line)].join('\n');
}

/** As many digits as a reader can use. */
export function figure(value: number, digits = value < 10 ? 2 : value < 100 ? 1 : 0): string {
  if (Number.isNaN(value)) return '-';
  if (value === Infinity) return 'never';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
