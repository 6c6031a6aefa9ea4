import { join } from 'node:path';
import { backendOf, LOCK_DRIVER_NAMES, type LockDriverName } from '@app/lock';
import { root } from '../../local/paths.mjs';
import { runInForeground } from '../../local/processes/run-command.js';
import { provideServers, SERVER_NAMES } from '../../local/services/services.js';
import { build } from '../../local/setup/build.js';
import { lockServersOfDrivers } from '../../local/stack/lock-servers.js';

/** npm run conformance [-- driver,driver...] [vitest's own arguments] */
export async function run(args: string[]): Promise<number> {
  const chosen = driversIn(args[0]);
  const drivers = chosen ?? LOCK_DRIVER_NAMES;
  await provideServers(['postgres', 'redis', ...lockServersOfDrivers(drivers)]);
  await build();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = join(root, 'vitest.conformance.config.ts');
  const rest = chosen ? args.slice(1) : args;
  const env = { CONFORMANCE_DRIVERS: drivers.join(',') };
  const excluded = irrelevantTo(drivers).flatMap((name) => ['--exclude', `**/${name}.conformance-spec.ts`]);
  // Of a file that is about other drivers nothing may be left.
  const filter = chosen ? [...excluded, '--passWithNoTests'] : [];
  return runInForeground(process.execPath, [vitest, 'run', '--config', config, ...filter, ...rest], env);
}

/**
 * A file that is named after a driver, or after a server, is about nothing else. What the lab does to clusters, and what the suite finds
 * wrong with planted drivers, is about none of ours; `servers` and `lock-servers` are about lock servers.
 */
function irrelevantTo(drivers: LockDriverName[]): string[] {
  const wanted = new Set([...drivers, ...drivers.map(backendOf)]);
  const others = [...LOCK_DRIVER_NAMES, ...SERVER_NAMES].filter((name) => !wanted.has(name));
  const ofLockServers = lockServersOfDrivers(drivers).length > 0 ? [] : ['servers', 'lock-servers'];
  return [...others, 'clusters', 'planted', ...ofLockServers];
}

/** The drivers that an argument names, if it names nothing else. */
function driversIn(argument = ''): LockDriverName[] | undefined {
  const names = argument.split(',');
  const drivers = LOCK_DRIVER_NAMES.filter((driver) => names.includes(driver));
  return drivers.length === names.length ? drivers : undefined;
}
