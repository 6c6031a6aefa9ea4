import { Etcd3 } from 'etcd3';
import { startEtcd } from '../../../../../local/services/etcd.js';
import { crashable } from './crashable.js';
import { seenInQueue, type Sessions, type Store } from './store.js';

export async function etcdStore(): Promise<Store> {
  const server = await startEtcd();
  const hosts = server.url.split(',');
  const admin = new Etcd3({ hosts });
  const alive = async () => (await admin.leaseClient.leaseLeases()).leases.map(({ ID }) => ID);
  const sessions: Sessions = {
    ttls: [
      [300, 2_000], // not below its minimum, 1.5 election time-outs
      [2_500, 3_000], // whole seconds
    ],
    queue: async (resource) => {
      const { kvs } = await admin.getAll().prefix(`lock/${resource}/`).sort('Create', 'Ascend').exec();
      return kvs.map(({ key, create_revision, lease }) => ({
        key: key.toString(),
        created: BigInt(create_revision),
        session: lease,
      }));
    },
    alive,
    remove: (key) => admin.delete().key(key).exec(),
    end: (ID) => admin.leaseClient.leaseRevoke({ ID }),
  };
  return {
    backends: { etcd: hosts },
    footprint: async () => ({
      keys: await admin.getAll().count(),
      leases: (await alive()).length,
      watches: await etcdMetric(hosts[0]!, 'etcd_debugging_mvcc_watcher_total'),
    }),
    sessions,
    ...seenInQueue(sessions),
    ...crashable('ETCD_URLS', [server]),
    stop: async () => {
      admin.close();
      await server.stop();
    },
  };
}

/** What the server publishes about itself, for one method where it counts by methods. */
export async function etcdMetric(url: string, name: string, method?: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const labels = method ? `\\{[^}]*grpc_method="${method}"[^}]*\\}` : '';
  const lines = text.matchAll(new RegExp(`^${name}${labels} (\\S+)$`, 'gm'));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}
