import { postgresOf, type ApiConfig } from '@app/config';
import { openPool } from '@app/database';
import { ThinnedLog, type PostgresServer } from '@app/servers';
import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
import { RecentReads } from './recent-reads.js';
import { ReplicaWatch } from './replica-watch.js';

const logOf = () => new ThinnedLog(new Logger('Postgres'));

export function openReadPool(config: ApiConfig): Pool {
  const poolSize = config.DATABASE_READ_POOL_SIZE;
  return openPool({
    ...postgresOf(config).main,
    poolSize,
    applicationName: 'checkout-api-reads',
    log: logOf(),
  });
}

/** @param primary what answers where there is no replica, or none that is fresh */
export function openRecentReads(config: ApiConfig, primary: Pool): RecentReads {
  const { main, replica } = postgresOf(config);
  if (!replica) return new RecentReads(primary);
  const log = logOf();
  const open = (server: PostgresServer, poolSize: number) =>
    openPool({ ...server, poolSize, applicationName: 'checkout-api-replica', log });
  const watch = new ReplicaWatch(open(main, 1), open(replica, 1), config.DATABASE_REPLICA_MAX_LAG_MS, log);
  return new RecentReads(primary, { pool: open(replica, config.DATABASE_READ_POOL_SIZE), watch, log });
}
