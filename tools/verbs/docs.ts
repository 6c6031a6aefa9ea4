import { join } from 'node:path';
import { figuresOf } from '../../lab/report/directory.js';
import { withFigures } from '../../lab/report/figures.js';
import { writeMarkdown } from '../../lab/report/markdown.js';
import { root } from '../../local/paths.mjs';
import { filesOfProject, pagesIn } from '../docs/pages.js';

/** npm run docs: writes the tables of figures in the documentation anew, from the newest reports of the demo and the benchmarks. */
export async function run(): Promise<number> {
  const reports = [...(await figuresOf('demo')), ...(await figuresOf('bench'))];
  for (const [file, text] of pagesIn(filesOfProject())) {
    const { page, written, left } = withFigures(text, reports);
    if (written.length > 0) await writeMarkdown(join(root, file), page);
    for (const { name, command } of written) console.log(`✓ ${file}: ${name}, from ${command}`);
    for (const name of left)
      console.log(`- ${file}: ${name} is left as it is: no report of a run that passed has all its rows`);
  }
  return 0;
}
