import { runInForeground } from '../processes/run-command.js';
import { SERVER_NAMES, startLockServers, type ServerName } from '../services/services.js';
import { build, mainOf } from '../setup/build.js';
import { lockServersOfDrivers } from '../stack/lock-servers.js';

/** npm run bench [-- worker | locks [options]] */
export async function run(args: string[]): Promise<number> {
  const { env } = await startLockServers(serversFor(args));
  await build();
  return runInForeground(process.execPath, [mainOf('lab'), 'bench', ...args], env);
}

function serversFor([benchmark, ...options]: string[]): readonly ServerName[] {
  if (benchmark !== 'locks') return ['postgres', 'redis'];
  const only = options[options.indexOf('--only') + 1];
  if (!options.includes('--only') || !only) return SERVER_NAMES;
  return ['postgres', 'redis', ...lockServersOfDrivers(only.split(','))];
}
