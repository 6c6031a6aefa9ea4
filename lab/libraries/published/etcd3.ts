import { Etcd3, EtcdLockFailedError } from 'etcd3';
import type { Open } from '../adapter.js';
import { retry } from './retry.js';

/** `client.lock(key).ttl(seconds).acquire()`, which does not wait. */
export const openEtcd3: Open = (url) => {
  const etcd = new Etcd3({ hosts: url.split(',') });
  return {
    acquire: async (resource, { ttl, wait }) => {
      const lock = await retry(wait, () =>
        etcd
          .lock(resource)
          .ttl(Math.ceil(ttl / 1_000))
          .acquire()
          .catch((error: unknown) => {
            if (!(error instanceof EtcdLockFailedError)) throw error;
          }),
      );
      return { release: () => lock.release() };
    },
    close: () => etcd.close(),
  };
};
