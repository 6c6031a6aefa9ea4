import { expect, it } from 'vitest';
import { FIGURES } from '../../lab/report/figures.js';
import { filesOfProject, pagesIn } from './pages.js';

/** But the decisions, which tell what was measured when they were made. */
const pages = [...pagesIn(filesOfProject())].filter(([file]) => !file.startsWith('docs/adr/'));
const blocks = pages.flatMap(([file, page]) =>
  [...page.matchAll(FIGURES)].map(([, name, shown]) => ({ file, name: name!, shown: shown! })),
);

/** Title, table, and where it is from. Nothing, until somebody has measured. */
const WRITTEN = /^\n(\*\*.+\*\*\n\n(\|.+\|\n)+\n_`npm run .+`, \d{4}-\d\d-\d\d, \d+ cores, .+_\n\n)?$/;

it.each(blocks)('"$name" in $file is as `npm run docs` writes it', ({ shown }) => {
  expect(shown).toMatch(WRITTEN);
});

/** Figures are flush right, words are not. */
it.each(pages)('%s has no table of figures that no command writes', (_, page) => {
  const rest = page.replaceAll(FIGURES, '');
  expect(rest.split('\n').filter((line) => /^\|.*-: *\||<!-- \/?figures/.test(line))).toEqual([]);
});
