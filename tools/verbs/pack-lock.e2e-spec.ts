import { execa } from 'execa';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { root } from '../../local/paths.mjs';
import { packLock } from '../pack-lock.js';

interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
const versionOf = (name: string) =>
  (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
    .version;
const [, EXAMPLE = ''] =
  /```ts\n(.*?)```/s.exec(readFileSync(join(root, 'libs/lock/README.md'), 'utf8')) ?? [];

/** A project of somebody else: an empty folder. */
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lock-user-'));
  written('package.json', '{ "type": "module" }');
  await install(await packLock(folder));
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string) {
  writeFileSync(join(folder, name), text);
  return name;
}

const run = async (file: string, ...args: string[]) => {
  const { all, exitCode } = await execa(file, args, {
    cwd: folder,
    env: { REDIS_URL: inject('redisUrl') },
    all: true,
    reject: false,
  });
  if (exitCode !== 0) throw new Error(all);
  return all;
};

const install = (...packages: string[]) =>
  run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...packages);

it('needs no client library of a store that is not used', async () => {
  expect(
    ['ioredis', 'pg', '@nestjs/common'].filter((name) => existsSync(join(folder, 'node_modules', name))),
  ).toEqual([]);
  const script = `
    import { createLockDriver, Lock } from '@flash-sale/lock';
    const lock = new Lock(await createLockDriver('local-mutex', {}));
    console.log(await lock.withLock('a', { ttl: 1_000, wait: 0 }, async () => 'in'));`;
  expect(await run(process.execPath, written('no-store.js', script))).toBe('in');
});

it('runs the example of its README, in JavaScript and in TypeScript', { timeout: 120_000 }, async () => {
  await install(...['ioredis', '@types/node'].map((name) => `${name}@${versionOf(name)}`));
  expect(readFileSync(join(folder, 'node_modules/@flash-sale/lock/README.md'), 'utf8')).toContain(EXAMPLE);
  const shown = /The total is \d+, written under the token \d+\./;
  expect(await run(process.execPath, written('example.js', EXAMPLE))).toMatch(shown);

  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    types: ['node'],
    outDir: 'out',
  };
  written('tsconfig.json', JSON.stringify({ compilerOptions, files: [written('typed.ts', EXAMPLE)] }));
  await run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'));
  expect(await run(process.execPath, 'out/typed.js')).toMatch(shown);
});

it('asks for what it imports, in the versions that are tested here', () => {
  const { dependencies, peerDependencies } = manifestOf('libs/lock');
  const asked = { ...dependencies, ...peerDependencies };
  expect(manifestOf('.').dependencies).toMatchObject(asked);
  const packed = join(folder, 'node_modules/@flash-sale/lock/dist');
  const source = readdirSync(packed, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(join(packed, file), 'utf8'))
    .join('\n');
  const imported = Array.from(source.matchAll(/^import .*from '([^.'][^']*)'/gm), ([, name]) => name).filter(
    (name) => !name?.startsWith('node:'),
  );
  expect(new Set(imported)).toEqual(new Set(Object.keys(asked)));
});
