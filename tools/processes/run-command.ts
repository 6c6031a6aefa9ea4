import { execa, type Options } from 'execa';
import { ExpectedError } from '../expected-error.js';
import { withProgress } from '../terminal.js';
import { currentRun } from './run.mjs';

/** Runs a long step of the set-up. Its output is shown only if it fails, and then its end. */
export async function runLong(
  what: string,
  file: string,
  args: string[],
  options: Pick<Options, 'cwd' | 'env'> = {},
): Promise<void> {
  const subprocess = execa(file, args, {
    ...options,
    all: true,
    cleanup: false, // the guard ends it, with everything it started
    detached: true,
    reject: false,
    stdin: 'ignore',
  });
  if (subprocess.pid) currentRun().endAtLatest(subprocess.pid, { group: true });
  const result = await withProgress(what, async () => subprocess);
  if (!result.failed) return;
  const tail = result.all.trimEnd().split('\n').slice(-15).join('\n    ');
  throw new ExpectedError(`${result.shortMessage}\n    ${tail}`);
}

/** Runs a command that has the terminal until it ends. Resolves with its exit code. */
export async function runInForeground(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const subprocess = execa(file, args, { env, reject: false, stdio: 'inherit' });
  if (subprocess.pid) currentRun().endAtLatest(subprocess.pid);
  const result = await subprocess;
  if (result.exitCode === undefined && !result.isTerminated) throw new ExpectedError(result.shortMessage);
  return result.exitCode ?? 1;
}
