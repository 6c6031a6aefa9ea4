import { join } from 'node:path';
import { root } from '../../local/paths.mjs';
import { runQuietly } from '../../local/processes/run-command.js';

/** Every check, as the command that an editor or a shell would run too. */
const checks: Record<string, string[]> = {
  types: ['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  'types of dashboard': ['typescript/bin/tsc', '--noEmit', '-p', 'apps/dashboard/tsconfig.json'],
  'types of load-tests': ['typescript/bin/tsc', '--noEmit', '-p', 'load-tests/tsconfig.json'],
  lint: ['oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  format: ['prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  'dependency rules': [
    'dependency-cruiser/bin/dependency-cruise.mjs',
    'apps',
    'examples',
    'lab',
    'libs',
    'local',
    'tools',
    'load-tests',
  ],
  'unused exports': ['knip/bin/knip.js'],
};

export async function run(): Promise<number> {
  const results = await Promise.all(Object.entries(checks).map(([name, command]) => check(name, command)));
  return results.every(Boolean) ? 0 : 1;
}

async function check(name: string, [script, ...args]: string[]): Promise<boolean> {
  const file = join(root, 'node_modules', script!);
  const { failed, output } = await runQuietly(process.execPath, [file, ...args], { cwd: root });
  console.log(failed ? `✗ ${name}\n${output}\n` : `✓ ${name}`);
  return !failed;
}
