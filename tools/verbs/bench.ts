import { backendOf, LOCK_DRIVER_NAMES } from '@app/lock';
import { runInForeground } from '../processes/run-command.js';
import { SERVER_NAMES, startLockServers, type ServerName } from '../services/services.js';
import { build, mainOf } from '../setup/build.js';

/** npm run bench [-- worker | locks [options]] */
export async function run(args: string[]): Promise<number> {
  const { env } = await startLockServers(serversFor(args));
  await build();
  return runInForeground(process.execPath, [mainOf('lab'), 'bench', ...args], env);
}

/** `--only` names servers, drivers, or the peers of a server; which server a peer needs, only the benchmark knows. */
function serversFor([benchmark, ...options]: string[]): readonly ServerName[] {
  if (benchmark !== 'locks') return ['postgres', 'redis'];
  const only = options[options.indexOf('--only') + 1]?.split(',') ?? [];
  if (!options.includes('--only')) return SERVER_NAMES;
  const servers = new Set(only.map(serverOf));
  return servers.has(undefined)
    ? SERVER_NAMES
    : SERVER_NAMES.filter((name) => servers.has(name) || name === 'redis');
}

function serverOf(name: string): ServerName | undefined {
  const driver = LOCK_DRIVER_NAMES.find((known) => known === name);
  return driver ? backendOf(driver) : SERVER_NAMES.find((known) => known === name);
}
