import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../local/paths.mjs';

interface Entry {
  readonly integrity?: string;
}

it('names a checksum for everything that npm may install', () => {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, Entry> };
  const { '': project, ...dependencies } = packages;
  expect(project).toBeDefined();
  const without = Object.entries(dependencies).filter(([, { integrity }]) => !integrity);
  expect(without.map(([path]) => path)).toEqual([]);
});
