import { readFile } from 'node:fs/promises';

/** Of a database: each session from now on explains to the server's log what it ran, statements of triggers too. */
export const EXPLAIN_ALL = [
  ['session_preload_libraries', 'auto_explain'],
  ['auto_explain.log_min_duration', '0'],
  ['auto_explain.log_format', 'json'],
  ['auto_explain.log_analyze', 'on'],
  ['auto_explain.log_timing', 'off'],
  ['auto_explain.log_buffers', 'on'],
  ['auto_explain.log_nested_statements', 'on'],
] as const;

/** One step of a plan, as EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) writes it. */
interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly Node[];
}

/** How a statement looked for rows of a table, each time that it did. */
export interface Scan {
  readonly statement: string;
  readonly table: string;
  readonly type: string;
  /** That it looked at, in the table or an index: also those that it did not want. */
  readonly rows: number;
  /** Blocks of 8 KiB, of the table and its index. */
  readonly blocks: number;
}

/** All scans in the log of a server, with how often each kind of them was seen. */
export async function scansIn(
  log: string,
): Promise<{ readonly scans: Scan[]; readonly statements: Set<string> }> {
  const text = await readFile(log, 'utf8');
  const statements = new Set<string>();
  const scans: Scan[] = [];
  for (const [, json] of text.matchAll(/ plan:\n((?:\t.*\n)+)/g)) {
    const { 'Query Text': query, Plan } = JSON.parse(json!) as { 'Query Text': string; Plan: Node };
    const statement = query.replaceAll(/\s+/g, ' ').trim();
    statements.add(statement);
    for (const node of nodesOf(Plan)) {
      const table = node['Relation Name'];
      const loops = node['Actual Loops'];
      if (table === undefined || node['Node Type'] === 'ModifyTable' || loops === 0) continue;
      scans.push({
        statement,
        table,
        type: node['Node Type'],
        rows:
          node['Actual Rows'] +
          (node['Rows Removed by Filter'] ?? 0) +
          (node['Rows Removed by Index Recheck'] ?? 0) +
          entriesIn(node),
        blocks: ((node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0)) / loops,
      });
    }
  }
  return { scans, statements };
}

/** Entries of indexes that a bitmap was made of, before anything else was looked at. */
function entriesIn(node: Node): number {
  const indexes = [...nodesOf(node)].filter((child) => child['Node Type'] === 'Bitmap Index Scan');
  return indexes.reduce((sum, index) => sum + index['Actual Rows'], 0);
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}
