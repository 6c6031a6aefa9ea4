import { inject } from 'vitest';
import type { Env } from '../../../../local/stack/replica.js';
import { Stack } from '../../../../local/stack/stack.js';

/** The processes of the application on the servers of the test run. */
export async function startedStack(env: Env = {}, { apis = 1, workers = 1 } = {}): Promise<Stack> {
  const servers = { redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') };
  const stack = new Stack({ ...servers, stop: async () => undefined }, env);
  await stack.migrate();
  await stack.startApis(apis);
  await stack.startWorkers(workers);
  return stack;
}
