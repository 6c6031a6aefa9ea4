import type { BenchResult } from '../../apps/lab/src/bench/result.js';
import { ExpectedError } from '../expected-error.js';
import { askInForeground } from '../processes/run-command.js';
import { mainOf, NODE_FLAGS } from '../setup/build.js';

/** Runs a benchmark of apps/lab in a process of its own: it starts many more, and measures none of the others. */
export async function runInLab(
  name: 'worker' | 'locks',
  options: object,
  env: NodeJS.ProcessEnv,
): Promise<BenchResult> {
  const args = [...NODE_FLAGS, mainOf('lab'), 'bench', name, JSON.stringify(options)];
  const result = await askInForeground<BenchResult>(process.execPath, args, env);
  if (!result) throw new ExpectedError(`The benchmark ${name} ended without a result.`);
  return result;
}
