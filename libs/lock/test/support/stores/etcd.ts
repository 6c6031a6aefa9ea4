import { Etcd3 } from 'etcd3';
import { startEtcd } from '../../../../../tools/services/etcd.js';
import { crashable } from './crashable.js';
import type { Store } from './store.js';

export async function etcdStore(): Promise<Store> {
  const server = await startEtcd();
  const hosts = server.url.split(',');
  const admin = new Etcd3({ hosts });
  const contenders = (resource: string) =>
    admin.getAll().prefix(`lock/${resource}/`).sort('Create', 'Ascend');
  return {
    backends: { etcd: hosts },
    footprint: async () => ({
      keys: await admin.getAll().count(),
      leases: (await admin.leaseClient.leaseLeases()).leases.length,
    }),
    loseLock: async (resource) => {
      const [holder] = await contenders(resource).keys();
      await admin.delete().key(holder!).exec();
    },
    waiters: async (resource) => Math.max((await contenders(resource).count()) - 1, 0),
    ...crashable('ETCD_URLS', [server]),
    stop: async () => {
      admin.close();
      await server.stop();
    },
  };
}
