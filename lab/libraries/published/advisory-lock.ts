import advisory from 'advisory-lock';
import type { Open } from '../adapter.js';

/** `advisoryLock(url)(name).lock()`, which resolves to what releases it. It waits as long as it takes. */
export const openAdvisoryLock: Open = (url) => {
  const createMutex = advisory.default(url);
  return { acquire: async (resource) => ({ release: await createMutex(resource).lock() }) };
};
