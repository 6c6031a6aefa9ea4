import { execa } from 'execa';
import { ExpectedError } from '../local/expected-error.js';
import { k6Command } from '../local/setup/k6-command.js';

/** Time that a module may take until it is loaded. */
const PATIENCE_MS = 10_000;

/** Has k6 load a target, without any load. */
export async function checkTarget(target: string, script: string, shop: Record<string, string>) {
  const options = ['inspect', '--log-format', 'raw', '--include-system-env-vars'];
  const { file, args, env } = await k6Command([...options, script], shop);
  const { failed, timedOut, stderr, shortMessage } = await execa(file, args, {
    env,
    reject: false,
    stdin: 'ignore',
    timeout: PATIENCE_MS,
  });
  if (!failed) return;
  const [reason = ''] = stderr.split('\n');
  const why = timedOut
    ? `it was not loaded within ${PATIENCE_MS / 1000} s`
    : reason.replace(/^\w*Error: /, '') || shortMessage;
  throw new ExpectedError(`The target ${target} cannot be used: ${why}`);
}
