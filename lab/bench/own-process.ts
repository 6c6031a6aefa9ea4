import { ExpectedError } from '../../local/expected-error.js';
import { askInForeground } from '../../local/processes/run-command.js';
import { mainOf, NODE_FLAGS } from '../../local/setup/build.js';
import type { BenchResult } from './result.js';

/** Runs a benchmark in a process of its own: it starts many more, and measures none of the others. */
export async function runInOwnProcess(
  name: 'worker' | 'network' | 'locks',
  options: object,
  env: NodeJS.ProcessEnv,
): Promise<BenchResult> {
  const args = [...NODE_FLAGS, mainOf('lab'), 'bench', name, JSON.stringify(options)];
  const result = await askInForeground<BenchResult>(process.execPath, args, env);
  if (!result) throw new ExpectedError(`The benchmark ${name} ended without a result.`);
  return result;
}
