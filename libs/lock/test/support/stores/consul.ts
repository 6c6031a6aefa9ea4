import { startConsul } from '../../../../../local/services/consul.js';
import { crashable } from './crashable.js';
import { seenInQueue, type Sessions, type Store } from './store.js';

interface Entry {
  readonly Key: string;
  readonly CreateIndex: number;
  readonly Session: string;
}

export async function consulStore(): Promise<Store> {
  const server = await startConsul();
  const api = async <T>(method: 'GET' | 'PUT' | 'DELETE', path: string): Promise<T | undefined> => {
    const response = await fetch(`${server.url}/v1/${path}`, { method });
    if (response.status === 404) return undefined; // no key there
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return (await response.json()) as T;
  };
  const list = async <T>(path: string) => (await api<T[]>('GET', path)) ?? [];
  const alive = async () => (await list<{ ID: string }>('session/list?consistent')).map(({ ID }) => ID);
  const sessions: Sessions = {
    ttls: [
      [2_000, 10_000], // not below its minimum
      [12_500, 13_000], // whole seconds
    ],
    queue: async (resource) => {
      const entries = await list<Entry>(`kv/lock/${encodeURIComponent(resource)}/?recurse&consistent`);
      return entries
        .toSorted((a, b) => a.CreateIndex - b.CreateIndex)
        .map(({ Key, CreateIndex, Session }) => ({
          key: Key,
          created: BigInt(CreateIndex),
          session: Session,
        }));
    },
    alive,
    remove: (key) => api('DELETE', `kv/${key.split('/').map(encodeURIComponent).join('/')}`),
    end: (id) => api('PUT', `session/destroy/${id}`),
  };
  return {
    backends: { consul: server.url },
    footprint: async () => ({
      keys: (await list('kv/?keys')).length,
      sessions: (await alive()).length,
    }),
    sessions,
    ...seenInQueue(sessions),
    ...crashable('CONSUL_URL', [server]),
    stop: () => server.stop(),
  };
}
