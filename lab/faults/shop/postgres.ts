import { migrate } from '@app/database';
import { startPrivatePostgres } from '../../../local/services/postgres.js';
import type { Service } from '../../../local/services/service.js';

/** A Postgres of a shop's own, with its tables. */
export async function startMigratedPostgres(): Promise<Service> {
  const postgres = await startPrivatePostgres();
  await migrate(postgres.url);
  return postgres;
}
