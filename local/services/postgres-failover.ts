import { askPostgres } from './postgres.js';
import type { Service } from './service.js';
import { until } from './until.js';

/** From now on a commit waits until a standby has it on its disk. */
export async function waitForStandbys({ url }: Service): Promise<void> {
  await askPostgres(url, `ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'`);
  await askPostgres(url, 'SELECT pg_reload_conf()');
  await until('a commit waits for the standby', async () => {
    const waitedFor = await askPostgres(url, `SELECT FROM pg_stat_replication WHERE sync_state = 'quorum'`);
    return waitedFor.length > 0;
  });
}

/** How many sessions wait for a standby to have their commit. */
export async function waitingCommits({ url }: Service): Promise<number> {
  return (await askPostgres(url, `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)).length;
}

/** Makes a standby take writes, whatever its primary does. Resolves once it does. */
export async function promote({ url }: Service): Promise<void> {
  await askPostgres(url, 'SELECT pg_promote()');
}
