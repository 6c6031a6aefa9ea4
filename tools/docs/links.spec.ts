import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsIn, linksIn, unlinkedFilesIn } from './markdown.js';
import { filesOfProject, pagesIn } from './pages.js';

const files = filesOfProject();
const pages = pagesIn(files);
const known = new Set(files.flatMap(withFolders));

function withFolders(path: string): string[] {
  return path === '.' ? [path] : [path].concat(withFolders(posix.dirname(path)));
}

/** Links to other sites are not looked at: whether those are there is not for a test of ours to say. */
function brokenLinks(page: string, markdown: string): string[] {
  return linksIn(markdown).filter((link) => {
    if (/^[a-z][a-z\d+.-]*:/i.test(link)) return false;
    const [path = '', anchor] = decodeURI(link).split('#');
    const target = posix.join(posix.dirname(page), path).replace(/\/$/, '');
    if (path && !known.has(target)) return true;
    return anchor !== undefined && !anchorsIn(path ? (pages.get(target) ?? '') : markdown).has(anchor);
  });
}

describe('the links of', () => {
  it.each([...pages])('%s lead somewhere', (page, markdown) => {
    expect(brokenLinks(page, markdown)).toEqual([]);
  });
});

it('finds a link to a file or a heading that is not there', () => {
  const page = [
    '# What to read',
    '[here](#what-to-read) [there](../README.md) [folder](adr/)',
    '[gone](adr/0000-gone.md) [no heading](#what-to-write) [case](../readme.md) [ours](../README.md#no-such-heading)',
    '<img src="img/gone.png"> `[code](gone.md)` https://example.org/gone',
    '```md\n[block](gone.md)\n```',
  ].join('\n\n');
  expect(brokenLinks('docs/page.md', page)).toEqual([
    'adr/0000-gone.md',
    '#what-to-write',
    '../readme.md',
    '../README.md#no-such-heading',
    'img/gone.png',
  ]);
});

it('ARCHITECTURE.md links every file that it names', () => {
  expect(unlinkedFilesIn(pages.get('ARCHITECTURE.md')!)).toEqual([]);
});

/** From the README by links, as a reader comes to it. */
it('every page is found from the README', () => {
  const found = new Set(['README.md']);
  for (const page of found)
    for (const link of linksIn(pages.get(page)!)) {
      const target = posix.join(posix.dirname(page), link.split('#')[0]!);
      if (pages.has(target)) found.add(target);
    }
  expect([...pages.keys()].filter((page) => !found.has(page))).toEqual([]);
});
