import { execa, type Options } from 'execa';
import { ExpectedError } from '../expected-error.js';
import { withProgress } from '../terminal.js';
import { currentRun } from './run.mjs';

type CommandOptions = Pick<Options, 'cwd' | 'env'>;

interface Outcome {
  failed: boolean;
  /** Standard output and error, in their order. */
  output: string;
  /** What went wrong, in a line. */
  problem?: string;
}

/** Runs a command to its end without showing its output. */
export async function runQuietly(
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const subprocess = execa(file, args, {
    ...options,
    all: true,
    cleanup: false, // the guard ends it, with everything it started
    detached: true,
    reject: false,
    stdin: 'ignore',
  });
  if (subprocess.pid) currentRun().endAtLatest(subprocess.pid, { group: true });
  const { failed, all, shortMessage } = await subprocess;
  return { failed, output: all, problem: shortMessage };
}

/** Runs a long step of the set-up. Its output is shown only if it fails, and then its end. */
export async function runLong(
  what: string,
  file: string,
  args: string[],
  options?: CommandOptions,
): Promise<void> {
  const { failed, output, problem } = await withProgress(what, () => runQuietly(file, args, options));
  if (!failed) return;
  const tail = output.trimEnd().split('\n').slice(-15).join('\n    ');
  throw new ExpectedError(`${problem}\n    ${tail}`);
}

/** Runs a command that has the terminal until it ends. Resolves with its exit code. */
export async function runInForeground(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const subprocess = execa(file, args, { env, reject: false, stdio: 'inherit' });
  if (subprocess.pid) currentRun().endAtLatest(subprocess.pid);
  const { exitCode, isTerminated, shortMessage } = await subprocess;
  if (exitCode === undefined && !isTerminated) throw new ExpectedError(shortMessage);
  return exitCode ?? 1;
}

/** Runs a Node program that has the terminal until it ends. Resolves with what it reported to its parent, if it did. */
export async function askInForeground<T>(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<T | undefined> {
  const subprocess = execa(file, args, {
    env,
    ipc: true,
    reject: false,
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
  });
  if (subprocess.pid) currentRun().endAtLatest(subprocess.pid);
  let report: T | undefined;
  subprocess.on('message', (message) => (report = message as T));
  await subprocess;
  return report;
}
