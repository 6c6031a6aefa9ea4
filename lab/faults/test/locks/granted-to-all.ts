import type { LockAdapter } from '../../../libraries/adapter.js';

/** Everybody is granted it at once: what a lock must not do. */
export default {
  store: 'redis',
  open: () => ({ acquire: async () => ({ release: async () => undefined }) }),
} satisfies LockAdapter;
