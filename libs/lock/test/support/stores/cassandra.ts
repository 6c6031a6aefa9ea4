import { OBSERVER, onCassandra, startCassandra } from '../../../../../local/services/cassandra.js';
import { crashable } from './crashable.js';
import type { Store } from './store.js';

type Options = Readonly<Record<string, string>>;

export async function cassandraStore(): Promise<Store> {
  const server = await startCassandra();
  const clients = async () => {
    const rows = await onCassandra(server.url, 'SELECT client_options FROM system_views.clients');
    return rows.filter((row) => (row.get('client_options') as Options).APPLICATION_NAME !== OBSERVER);
  };
  const rowsOf = (select: string) => onCassandra(server.url, select).catch(() => []); // no table yet
  const leases = () => rowsOf('SELECT holder FROM locks.leases WHERE slot = 0 ALLOW FILTERING');
  const partitions = () => rowsOf('SELECT DISTINCT resource FROM locks.leases');
  return {
    backends: { cassandra: server.url },
    footprint: async () => ({
      partitions: (await partitions()).length,
      leases: (await leases()).length,
      connections: (await clients()).length,
    }),
    loseLock: async (resource) => {
      await onCassandra(
        server.url,
        `DELETE FROM locks.leases WHERE resource = '${resource}' AND slot = 0 IF EXISTS`,
      );
    },
    ...crashable('CASSANDRA_CONTACT_POINTS', [server]),
    stop: () => server.stop(),
  };
}
