import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { guaranteeTable } from './guarantee-table.js';

const README = new URL('../README.md', import.meta.url);
const MARKED = /(<!-- guarantees: .*? -->\n)(.*?)(<!-- \/guarantees -->)/s;

it('shows in the README what the conformance suite asserts', async () => {
  const readme = readFileSync(README, 'utf8');
  const table = `\n${await guaranteeTable()}\n`;
  if (process.env.UPDATE_README) {
    writeFileSync(
      README,
      readme.replace(MARKED, (_, begin: string, __, end: string) => begin + table + end),
    );
    return;
  }
  const shown = MARKED.exec(readme)?.[2];
  expect(shown, `UPDATE_README=1 npm test -- libs/lock/test/readme.spec.ts writes this:\n${table}`).toBe(
    table,
  );
});
