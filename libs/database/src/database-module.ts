import { isPassing } from '@app/servers';
import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions, type DatabaseOptions } from './data-source.js';

/** In milliseconds: between two tries to reach Postgres. */
const RETRY_MS = 500;

/** The data source of a Nest application. */
export const databaseModule = (options: DatabaseOptions): DynamicModule =>
  TypeOrmModule.forRootAsync({
    // Nest's own retry would log each try.
    useFactory: () => ({ ...dataSourceOptions(options), toRetry: () => false }),
    dataSourceFactory: () => opened(options),
  });

/** Postgres may go away while the process begins: it is waited for. */
async function opened(options: DatabaseOptions): Promise<DataSource> {
  for (;;) {
    try {
      return await new DataSource(dataSourceOptions(options)).initialize();
    } catch (error) {
      if (!isPassing(error)) throw error;
      options.log?.warn(error, 'waits for Postgres');
      await sleep(RETRY_MS);
    }
  }
}
