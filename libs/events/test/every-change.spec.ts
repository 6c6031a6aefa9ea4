import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url).pathname;
const sources = ['apps', 'libs'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[^/]+\/src\/.*\.ts$/.test(file))
    .map((file) => join(folder, file)),
);
/** Statements that give orders a status, each as the source has it: a text between backticks. */
const statements = sources
  .flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/`[^`]*`/g)].map(([sql]) => ({ file, sql })),
  )
  .filter(({ sql }) => /INSERT INTO orders|UPDATE orders\s+SET status/.test(sql));

it('knows where orders change', () => expect(statements.length).toBeGreaterThanOrEqual(5));

it.each(statements)('$file: a statement that changes what becomes of an order tells of it', ({ sql }) => {
  expect(sql).toContain('INSERT INTO outbox (kind, order_ids)');
});
