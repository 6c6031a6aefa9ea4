import { expect, it } from 'vitest';
import { FIGURES } from '../../lab/report/figures.js';
import { filesOfProject, pagesIn } from './pages.js';

/** But the decisions, which tell what was measured when they were made. */
const pages = [...pagesIn(filesOfProject())].filter(([file]) => !file.startsWith('docs/adr/'));
const blocks = pages.flatMap(([file, page]) =>
  [...page.matchAll(FIGURES)].map(([, name, shown]) => ({ file, name: name!, shown: shown! })),
);

/** Figures are flush right, words are not. */
it.each(blocks)('`npm run docs` has written "$name" of $file', ({ shown }) => {
  expect(shown).toMatch(/^\|.*-: *\|/m);
});

it.each(pages)('%s has no table of figures that no command writes', (_, page) => {
  const rest = page.replaceAll(FIGURES, '');
  expect(rest.split('\n').filter((line) => /^\|.*-: *\||<!-- \/?figures/.test(line))).toEqual([]);
});
