import { dirname } from 'node:path';
import { root } from '../paths.mjs';
import { provideK6 } from './k6.js';

interface K6Command {
  file: string;
  args: string[];
  env: Record<string, string>;
}

/** k6 shares the machine with what it measures: it may use more memory, and less of the processors. Percent, as Go has it. */
const GOGC = '400';

/** How to run k6 here with these arguments and, for the script, these variables. */
export async function k6Command(args: string[], variables: Record<string, string>): Promise<K6Command> {
  const env = { GOGC, ...variables };
  const k6 = await provideK6();
  if ('file' in k6) return { file: k6.file, args, env };
  const folders = variables.TARGET ? [root, dirname(variables.TARGET)] : [root];
  const volumes = folders.flatMap((folder) => ['--volume', `${folder}:${folder}`]);
  const options = ['run', '--rm', '--network', 'host', ...volumes, '--workdir', root];
  const user = ['--user', `${process.getuid?.()}:${process.getgid?.()}`]; // the reports are the user's, not root's
  const passed = Object.keys(env).flatMap((name) => ['--env', name]);
  return { file: 'docker', args: [...options, ...user, ...passed, k6.image, ...args], env };
}
