import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../paths.mjs';
import { exclusively } from '../processes/exclusively.mjs';
import { runLong } from '../processes/run-command.js';
import { step } from '../terminal.js';

const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
const vite = join(root, 'node_modules/vite/bin/vite.js');
const stamp = join(root, 'dist/built-from');

const page = join(root, 'dist/apps/dashboard/index.html');

/**
 * As the Dockerfile's NODE_OPTIONS. What an order consists of lives for milliseconds, under load longer than it takes to fill the
 * young generation that V8 has by default (16 MiB); a larger one has less to copy.
 */
export const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=64'];

interface Project {
  type: 'application' | 'library';
  root: string;
}

const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8')) as {
  projects: Record<string, Project>;
};

/** @param app a project of nest-cli.json */
export const mainOf = (app: string) => join(root, 'dist', projects[app]!.root, 'main.js');

/** Builds the applications, if anything they are made of has changed. */
export async function build(): Promise<void> {
  const apps = Object.keys(projects).filter((name) => projects[name]!.type === 'application');
  await exclusively('build', async () => {
    const sources = hashOfSources();
    if ([...apps.map(mainOf), page].every(existsSync) && builtFrom() === sources) {
      return step('build', 'unchanged since the last one');
    }
    for (const app of apps)
      await runLong(`building ${app}`, process.execPath, [nest, 'build', app], { cwd: root });
    await runLong('building dashboard', process.execPath, [vite, 'build', 'apps/dashboard'], { cwd: root });
    writeFileSync(stamp, sources);
    step('build', `${apps.join(', ')}, dashboard, as the sources changed`);
  });
}

function builtFrom(): string | undefined {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const file of [
    'package-lock.json',
    'nest-cli.json',
    'rspack.config.js',
    'tsconfig.json',
    ...filesIn('apps'),
    ...filesIn('lab'),
    ...filesIn('libs'),
  ]) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function filesIn(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
