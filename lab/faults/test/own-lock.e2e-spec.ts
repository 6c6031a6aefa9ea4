import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { root } from '../../../local/paths.mjs';
import type { Cell } from '../cell.js';
import { versionOf } from '../experiments/libraries/versions.js';
import { withOwnLock } from '../own-lock.js';
import { runAndReport } from '../run-and-report.js';

const grantedToAll = fileURLToPath(new URL('locks/granted-to-all.ts', import.meta.url));

/** Inside of the project: what a module imports is found from there. */
let directory: string;
beforeAll(async () => {
  vi.stubEnv('DATABASE_URL', inject('databaseUrl'));
  vi.stubEnv('REDIS_URL', inject('redisUrl'));
  await mkdir(join(root, '.local'), { recursive: true });
  directory = await mkdtemp(join(root, '.local/own-lock-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function moduleOf(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

/** The one trial in which nothing fails. */
async function contention(module: string) {
  const { experiments, look } = await withOwnLock(module);
  const [experiment] = experiments;
  const cells = experiment!.cells.filter(({ variant }) => variant === 'contention');
  const options = {
    experiments: [{ ...experiment!, cells }],
    drivers: [],
    seeds: [1],
    ttl: 3_000,
    cycles: 10,
    look,
  };
  const exitCode = await runAndReport({ options, json: false, docs: false }, 'a test', directory);
  const summary = JSON.parse(await readFile(join(directory, 'summary.json'), 'utf8')) as { cells: Cell[] };
  return { exitCode, ...summary.cells[0]! };
}

it('a lock that is granted to all is caught, with the units that it oversold', async () => {
  const { exitCode, verdict, figures } = await contention(grantedToAll);
  expect({ exitCode, verdict }).toEqual({ exitCode: 1, verdict: 'FAIL' });
  expect(figures['oversold']).toBeGreaterThan(0);
}, 120_000);

it('the template of docs/your-lock.md is a lock that passes', async () => {
  const page = await readFile(join(root, 'docs/your-lock.md'), 'utf8');
  const template = /```ts\n(.*?)```/s.exec(page)![1]!;
  expect(await contention(await moduleOf('template.ts', template))).toMatchObject({
    exitCode: 0,
    verdict: 'PASS',
  });
}, 120_000);

it.concurrent.each([
  ['nothing.ts', undefined, /there is no file .*nothing\.ts/],
  ['throws.ts', "throw new Error('boom')", /threw while it was imported: Error: boom/],
  ['ends.ts', 'process.exit()', /ended its process while it was imported/],
  ['hangs.ts', 'setInterval(() => {}, 1_000); await new Promise(() => {});', /did not answer within 20 s/],
  ['other.ts', 'export const lock = 1;', /its default export is no lock: .*your-lock\.md/],
  ['store.ts', "export default { store: 'oracle', open() {} }", /is no lock: store: .*"redis"/],
  [
    'promises.ts',
    "export default { store: 'redis', promises: { extend: true }, open() {} }",
    /is no lock: promises: .*extend/,
  ],
  ['closed.ts', "export default { store: 'redis' }", /open is no function/],
])(
  '%s gets one clear error',
  async (name, text, message) => {
    const module = text === undefined ? join(directory, name) : await moduleOf(name, text);
    const refused = await withOwnLock(module).then(String, ({ message: told }: Error) => told);
    expect(refused).toMatch(message);
    expect(refused).not.toContain('\n');
  },
  120_000,
);

it('a package that is not there gets one clear error', async () => {
  await expect(withOwnLock('no-such-lock-package')).rejects.toThrow(
    /threw while it was imported: .*no-such-lock-package/,
  );
}, 60_000);

it('a lock that never answers gets one clear error once its server is there', async () => {
  const lock =
    "export default { store: 'redis', open: () => ({ acquire: () => new Promise((r) => setTimeout(r, 1e6)) }) }";
  const { look } = await withOwnLock(await moduleOf('never.ts', lock));
  await expect(look!({ redis: inject('redisUrl') })).rejects.toThrow(
    /did not answer within 20 s when a lock/,
  );
}, 60_000);

it('a library that is not installed as package.json asks for it is told', async () => {
  await writeFile(join(directory, 'package.json'), JSON.stringify({ devDependencies: { redlock: '4.1.0' } }));
  expect(() => versionOf('redlock lock()', directory)).toThrow(
    'redlock: package.json asks for 4.1.0, installed is none. Run npm ci.',
  );
  expect(versionOf('redis')).toBe('this project');
});
