import { postgresOptions, type PostgresServer, type ThinnedLog } from '@app/servers';
import pg, { type Pool } from 'pg';
import type { DataSource, DataSourceOptions } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Schema1763900000000 } from './migrations/1763900000000-schema.js';
import { Stripes1764000000000 } from './migrations/1764000000000-stripes.js';
import { Payments1764100000000 } from './migrations/1764100000000-payments.js';
import { WaitingRoom1764200000000 } from './migrations/1764200000000-waiting-room.js';
import { EndingAndPaid1764300000000 } from './migrations/1764300000000-ending-and-paid.js';
import { NewestSales1764305000000 } from './migrations/1764305000000-newest-sales.js';
import { SaleKeys1764310000000 } from './migrations/1764310000000-sale-keys.js';
import { OrderNamespaces1764320000000 } from './migrations/1764320000000-order-namespaces.js';
import { PaymentsOfOrder1764330000000 } from './migrations/1764330000000-payments-of-order.js';
import { Events1764500000000 } from './migrations/1764500000000-events.js';
import { Controls1764600000000 } from './migrations/1764600000000-controls.js';
import { OrdersByTime1764700000000 } from './migrations/1764700000000-orders-by-time.js';
import { CheaperOrderLists1764800000000 } from './migrations/1764800000000-cheaper-order-lists.js';
import { VersionsOfMovements1764900000000 } from './migrations/1764900000000-versions-of-movements.js';
import { Units1765010000000 } from './migrations/1765010000000-units.js';
import { ArchivedSales1765123000000 } from './migrations/1765123000000-archived-sales.js';
import { OrdersBesideEachOther1765200000000 } from './migrations/1765200000000-orders-beside-each-other.js';

export interface DatabaseOptions extends PostgresServer {
  readonly poolSize: number;
  readonly entities?: DataSourceOptions['entities'];
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Told when an idle connection is lost, or Postgres is waited for. */
  readonly log?: ThinnedLog;
}

/** The pool replaces a broken idle connection; a broken one in use gives its user the error. */
const lostBy =
  ({ log, applicationName: connection }: Pick<DatabaseOptions, 'log' | 'applicationName'>) =>
  (error: unknown) =>
    log?.warn(error, 'an idle connection to Postgres was lost', { connection });

export function dataSourceOptions(database: DatabaseOptions) {
  const { url, poolSize, entities = [], applicationName } = database;
  return {
    type: 'postgres',
    url,
    entities,
    migrations: [
      Schema1763900000000,
      Stripes1764000000000,
      Payments1764100000000,
      WaitingRoom1764200000000,
      EndingAndPaid1764300000000,
      NewestSales1764305000000,
      SaleKeys1764310000000,
      OrderNamespaces1764320000000,
      PaymentsOfOrder1764330000000,
      Events1764500000000,
      Controls1764600000000,
      OrdersByTime1764700000000,
      CheaperOrderLists1764800000000,
      VersionsOfMovements1764900000000,
      Units1765010000000,
      ArchivedSales1765123000000,
      OrdersBesideEachOther1765200000000,
    ],
    applicationName,
    poolErrorHandler: lostBy(database),
    extra: { ...postgresOptions(database), max: poolSize },
  } satisfies DataSourceOptions;
}

/** A pool of its own, for work that must not take the connections of other work. It connects when it is used. */
export function openPool(database: Omit<DatabaseOptions, 'entities'>): Pool {
  const { poolSize, applicationName } = database;
  const options = { ...postgresOptions(database), max: poolSize };
  return new pg.Pool({ ...options, application_name: applicationName }).on('error', lostBy(database));
}

/** The pg pool beneath a data source: for named, prepared statements without mapping. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as PostgresDriver).master as Pool;
}
