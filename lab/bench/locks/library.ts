import { openAt } from '../../libraries/open.js';
import type { Published } from '../../libraries/published/index.js';
import { WITHOUT_END, type Locker, type Subject } from './locker.js';

/** A published library, with its own settings but for trying as long as it takes. */
export async function openPublished(
  adapter: Published,
  { servers, resource, ttl: asked }: Subject,
): Promise<Locker> {
  const lock = await openAt(adapter, servers);
  const ttl = Math.max(asked, adapter.leastTtl ?? 0);
  return {
    run: async (work, signal) => {
      const held = await lock.acquire(resource, { ttl, wait: WITHOUT_END, signal });
      await work();
      await held.release();
    },
    close: async () => lock.close?.(),
  };
}
