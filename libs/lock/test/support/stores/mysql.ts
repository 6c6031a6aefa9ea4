import { createPool, type RowDataPacket } from 'mysql2/promise';
import { startMysql } from '../../../../../local/services/mysql.js';
import { crashable } from './crashable.js';
import type { Store } from './store.js';

type Change = readonly [sql: string, resource: string];

/** @param take what takes the lock of a resource away */
async function mysqlStore(take: (resource: string, rows: Rows) => Promise<Change>): Promise<Store> {
  const server = await startMysql();
  const admin = createPool({ uri: server.url, connectionLimit: 1 });
  const rows: Rows = async (sql, ...values) => (await admin.query<RowDataPacket[]>(sql, values))[0];
  const count = async (sql: string) => Number((await rows(sql))[0]!.n);
  const countRows = (table: string) => count(`SELECT COUNT(*) AS n FROM ${table}`).catch(() => 0); // not made yet
  return {
    backends: { mysql: server.url },
    footprint: async () => ({
      rows: (await countRows('lock_keys')) + (await countRows('lock_leases')),
      connections: (await count('SELECT COUNT(*) AS n FROM information_schema.processlist')) - 1,
    }),
    loseLock: async (resource) => {
      const [sql, value] = await take(resource, rows);
      await admin.query(sql, [value]);
    },
    ...crashable('MYSQL_URL', [server]),
    forget: async () => void (await admin.query('DROP TABLE IF EXISTS lock_leases')),
    stop: async () => {
      await admin.end().catch(() => undefined);
      await server.stop();
    },
  };
}

type Rows = (sql: string, ...values: string[]) => Promise<RowDataPacket[]>;

export const mysqlKeyStore = () =>
  mysqlStore(async (resource) => ['DELETE FROM lock_keys WHERE resource = ?', resource]);

export const mysqlKeyLeaseStore = () =>
  mysqlStore(async (resource) => ['UPDATE lock_leases SET holder = NULL WHERE resource = ?', resource]);

export const mysqlGetLockStore = () =>
  mysqlStore(async (resource, rows) => {
    const [holder] = await rows('SELECT IS_USED_LOCK(?) AS id', `lock:${resource}`);
    return ['KILL ?', holder!.id as string];
  });
