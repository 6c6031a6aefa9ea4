import type { Machine } from './machine.js';
import { markdownTable } from './markdown.js';
import type { Table } from './table.js';

/** What `summary.json` has for the documentation. */
export interface Figures {
  /** Only those of a run that passed are shown. */
  readonly verdict: string;
  readonly command: string;
  readonly finishedAt: string;
  readonly machine: Machine;
  readonly tables: readonly Table[];
}

interface Rewritten {
  readonly page: string;
  /** The tables that were written, with the command that measured each. */
  readonly written: readonly { readonly name: string; readonly command: string }[];
  /** Those that stay as they are. */
  readonly left: readonly string[];
}

/** Where a page shows a table: `<!-- figures: worker, stampede -->` to `<!-- /figures -->`. */
export const FIGURES = /<!-- figures: (.+?) -->\n(.*?)<!-- \/figures -->/gs;

/**
 * Writes the tables of a page anew, each from the newest report that has it. A report of a part, with fewer rows than the page
 * shows, is passed over.
 *
 * @param reports the newest first
 */
export function withFigures(page: string, reports: readonly Figures[]): Rewritten {
  const passed = reports.filter(({ verdict }) => verdict === 'PASS');
  const written: Rewritten['written'][number][] = [];
  const left: string[] = [];
  const rewritten = page.replaceAll(FIGURES, (block: string, name: string, shown: string) => {
    for (const report of passed) {
      const table = report.tables.find((candidate) => candidate.name === name);
      if (!table || table.rows.length < rowsIn(shown)) continue;
      written.push({ name, command: report.command });
      return `<!-- figures: ${name} -->\n\n${markdownOf(table, report)}\n\n<!-- /figures -->`;
    }
    left.push(name);
    return block;
  });
  return { page: rewritten, written, left };
}

/** Without the head and the rule below it. */
const rowsIn = (markdown: string) => Math.max(0, [...markdown.matchAll(/^\|/gm)].length - 2);

function markdownOf(
  { title, head, rows, words = 1 }: Table,
  { machine, command, finishedAt }: Figures,
): string {
  const { cores, node, postgres, redis } = machine;
  const on = `${cores} cores, Node.js ${node}, Postgres ${postgres}, Redis ${redis}`;
  return [
    `**${title}**`,
    markdownTable(head, rows, words),
    `_\`${command}\`, ${finishedAt.slice(0, 10)}, ${on}_`,
  ].join('\n\n');
}
