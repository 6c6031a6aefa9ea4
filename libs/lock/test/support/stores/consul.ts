import { startConsul } from '../../../../../tools/services/consul.js';
import { crashable } from './crashable.js';
import type { Store } from './store.js';

interface Entry {
  readonly Key: string;
  readonly CreateIndex: number;
}

export async function consulStore(): Promise<Store> {
  const server = await startConsul();
  const list = async <T>(path: string): Promise<T[]> => {
    const response = await fetch(`${server.url}/v1/${path}`);
    return response.status === 404 ? [] : ((await response.json()) as T[]); // 404: no key there
  };
  const contenders = async (resource: string) => {
    const entries = await list<Entry>(`kv/lock/${resource}/?recurse`);
    return entries.toSorted((a, b) => a.CreateIndex - b.CreateIndex);
  };
  return {
    backends: { consul: server.url },
    footprint: async () => ({
      keys: (await list('kv/?keys')).length,
      sessions: (await list('session/list')).length,
    }),
    loseLock: async (resource) => {
      const [holder] = await contenders(resource);
      await fetch(`${server.url}/v1/kv/${holder!.Key}`, { method: 'DELETE' });
    },
    waiters: async (resource) => Math.max((await contenders(resource)).length - 1, 0),
    ...crashable('CONSUL_URL', [server]),
    stop: () => server.stop(),
  };
}
