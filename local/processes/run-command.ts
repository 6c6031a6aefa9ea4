import { execa, type Options } from 'execa';
import { ExpectedError } from '../expected-error.js';
import { withProgress } from '../terminal.js';
import { currentRun } from './run.mjs';

type CommandOptions = Pick<Options, 'cwd' | 'env'>;

interface Outcome {
  failed: boolean;
  /** Standard output. */
  stdout: string;
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
  const { failed, stdout, all, shortMessage } = await subprocess;
  return { failed, stdout, output: all, problem: shortMessage };
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
  return (await inForeground(file, args, { env })).exitCode;
}

/** The same for a Node program that reports to its parent. Resolves with what it reported last, if it did. */
export async function askInForeground<T>(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<T | undefined> {
  return (await inForeground(file, args, { env, ipc: true })).report as T | undefined;
}

async function inForeground(file: string, args: string[], options: Pick<Options, 'env' | 'ipc'>) {
  const terminal = { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' } as const;
  const subprocess = execa(file, args, { ...options, ...terminal, reject: false });
  if (subprocess.pid) currentRun().endAtLatest(subprocess.pid);
  let report: unknown;
  subprocess.on('message', (message) => (report = message));
  const { exitCode, isTerminated, shortMessage } = await subprocess;
  if (exitCode === undefined && !isTerminated) throw new ExpectedError(shortMessage);
  return { exitCode: exitCode ?? 1, report };
}
