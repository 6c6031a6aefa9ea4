import { Etcd3 } from 'etcd3';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Backend, Servers } from '../../../servers.js';

type Count = (url: string, part: string) => Promise<number>;

/** What libraries and this project keep in MySQL: the table, and its column with the name of the lock. */
const TABLES = [
  ['verrou', 'key'],
  ['lock_keys', 'resource'],
  ['lock_leases', 'resource'],
] as const;

const COUNTS: Partial<Record<Backend, Count>> = {
  redis: countInRedis,
  redlock: async (urls, part) => countInRedis(urls.split(',')[0]!, part),
  etcd: async (url, part) => {
    const etcd = new Etcd3({ hosts: url.split(',') });
    const keys = await etcd.getAll().keys();
    etcd.close();
    return keys.filter((key) => key.includes(part)).length;
  },
  consul: async (url, part) => {
    const response = await fetch(new URL('/v1/kv/?keys', url));
    return ((await response.json()) as string[]).filter((key) => key.includes(part)).length;
  },
  mysql: async (url, part) => {
    const connection = await createConnection(url);
    const counts = TABLES.map(async ([table, column]) => {
      const sql = 'SELECT count(*) AS count FROM ?? WHERE ?? LIKE ?';
      const [rows] = await connection
        .query<RowDataPacket[]>(sql, [table, column, `%${part}%`])
        .catch(() => [[{ count: 0 }]]); // nobody has made that table
      return Number(rows[0]!['count']);
    });
    const all = await Promise.all(counts);
    await connection.end();
    return all.reduce((a, b) => a + b, 0);
  },
};

/** How many keys or rows of the store have names with this part; undefined where a lock is none. */
export const keysLeft = async (store: Backend, servers: Servers, part: string): Promise<number | undefined> =>
  COUNTS[store]?.(servers[store]!, part);

async function countInRedis(url: string, part: string): Promise<number> {
  const redis = new Redis(url);
  let keys = 0;
  for await (const found of redis.scanStream({ match: `*${part}*`, count: 1_000 }))
    keys += (found as string[]).length;
  redis.disconnect();
  return keys;
}
