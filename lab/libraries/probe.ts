import type { Servers } from '../servers.js';
import type { LockAdapter } from './adapter.js';
import { loadModule, openAt } from './open.js';

/** What a process that ends by itself is asked to find out about a module. */
export interface Probe {
  readonly address: string;
  /** Absent: the module is only imported. */
  readonly servers?: Servers;
}

/** What it says. An error is what somebody threw; the adapter is whatever was exported, without its functions. */
export type Probed =
  | { readonly error: string }
  | { readonly adapter: Partial<Omit<LockAdapter, 'open'>> | undefined; readonly opens: boolean };

const FREE = 'nobody-has-it';

export async function probe(json: string): Promise<void> {
  const { address, servers } = JSON.parse(json) as Probe;
  const answer = (probed: Probed) => process.send!(probed, undefined, undefined, () => process.exit());
  try {
    const adapter: Partial<LockAdapter> | undefined = await loadModule(address);
    if (servers) await tryOnce(adapter as LockAdapter, servers);
    const { store, promises, open } = adapter ?? {};
    answer({ adapter: JSON.parse(JSON.stringify({ store, promises })), opens: typeof open === 'function' });
  } catch (error) {
    answer({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }
}

async function tryOnce(adapter: LockAdapter, servers: Servers): Promise<void> {
  const lock = await openAt(adapter, servers);
  const held = await lock.acquire(FREE, { ttl: 5_000, wait: 5_000 });
  if (typeof held?.release !== 'function')
    throw new TypeError('acquire() resolved to nothing that has a release()');
  await held.release();
}
