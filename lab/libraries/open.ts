import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import type { Servers } from '../servers.js';
import type { LockAdapter, OpenLock } from './adapter.js';
import { PUBLISHED } from './published/index.js';

/** What a module's lock is called among the drivers: the address of the module follows. */
const MODULE = 'module:';

export const driverOfModule = (address: string) => MODULE + address;

/** A published lock, or one of the module that the name has. Undefined: it is neither. */
export async function adapterOf(driver: string): Promise<LockAdapter | undefined> {
  return driver.startsWith(MODULE) ? loadModule(driver.slice(MODULE.length)) : PUBLISHED[driver];
}

/** The module's default export, whatever it is. TypeScript runs as it is, on every Node.js. */
export async function loadModule(address: string): Promise<LockAdapter> {
  const { default: adapter } = (await tsImport(address, pathToFileURL('./').href)) as {
    default: LockAdapter;
  };
  return adapter;
}

export const openAt = async (adapter: LockAdapter, servers: Servers): Promise<OpenLock> =>
  adapter.open(servers[adapter.store]!);
