import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../local/paths.mjs';
import { exclusively } from '../local/processes/exclusively.mjs';
import { currentRun } from '../local/processes/run.mjs';

export async function installDependencies() {
  if (areInstalled()) return console.log('✓ dependencies: node_modules matches package-lock.json');
  await exclusively('npm-ci', async () => {
    if (areInstalled()) return console.log('✓ dependencies: another verb just installed them');
    console.log(
      '… dependencies: npm ci, because node_modules does not match package-lock.json (about a minute)',
    );
    const began = Date.now();
    await npmCi();
    console.log(`✓ dependencies: installed in ${Math.round((Date.now() - began) / 1000)} s`);
  });
}

/** npm leaves a copy of the lock file in node_modules, as the last thing an install does. */
function areInstalled() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  return Object.entries(wanted).every(
    ([path, { optional, integrity }]) => path === '' || optional || installed[path]?.integrity === integrity,
  );
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

/** Node 20 is fine, but a few development packages declare a newer one: loglevel=error hides those warnings. */
async function npmCi() {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', args, { cwd: root, stdio: 'inherit' });
  npm.once('spawn', () => currentRun().endAtLatest(npm.pid));
  const [code, signal] = await once(npm, 'exit');
  if (code !== 0) {
    throw Object.assign(
      new Error(`npm ${args.join(' ')} ended with ${signal ?? code}; its output is above.`),
      {
        expected: true,
      },
    );
  }
}
