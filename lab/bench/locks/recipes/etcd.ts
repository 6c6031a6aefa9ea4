import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Etcd3, SortOrder, SortTarget } from 'etcd3';
import type { Locker, Subject } from '../locker.js';

/** One key per caller under one lease, in order of creation; each waits for the one just ahead to be deleted. */
export async function openEtcdRecipe({ servers, resource, ttl }: Subject): Promise<Locker> {
  const etcd = new Etcd3({ hosts: servers.etcd!.split(',') });
  const lease = etcd.lease(Math.ceil(ttl / 1_000));
  const queue = `bench/${resource}/`;
  return {
    run: async (work) => {
      const key = queue + randomUUID();
      const created = BigInt((await lease.put(key).value('').exec()).header.revision);
      for (;;) {
        const { header, kvs } = await etcd.kv.range({
          key: Buffer.from(queue),
          range_end: Buffer.from(queue.slice(0, -1) + '0'), // '0' comes right after '/'
          max_create_revision: String(created - 1n),
          sort_target: SortTarget.Create,
          sort_order: SortOrder.Descend,
          limit: 1,
        });
        if (!kvs[0]) break;
        const next = String(BigInt(header.revision) + 1n);
        const watcher = etcd.watch().key(kvs[0].key).startRevision(next).watcher();
        await once(watcher, 'delete');
        void watcher.cancel();
      }
      await work();
      await etcd.delete().key(key).exec();
    },
    close: async () => {
      await lease.revoke();
      etcd.close();
    },
  };
}
