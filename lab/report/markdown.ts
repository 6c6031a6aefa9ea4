import { writeFile } from 'node:fs/promises';
import prettier from 'prettier';

/** The first `words` columns have words, flush left; the others have figures, flush right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  words = head.length,
): string {
  const rule = head.map((_, i) => (i < words ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Formatted, as `npm run check` wants every page. */
export async function writeMarkdown(file: string, text: string): Promise<void> {
  const options = await prettier.resolveConfig(file);
  await writeFile(file, await prettier.format(text, { ...options, parser: 'markdown' }));
}
