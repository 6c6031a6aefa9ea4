import { inject } from 'vitest';
import type { Services } from '../../../../local/services/services.js';
import type { Env } from '../../../../local/stack/replica.js';
import { Stack } from '../../../../local/stack/stack.js';

/** The processes of the application on the servers of the test run. */
export async function startedStack(env: Env = {}, { apis = 1, workers = 1 } = {}): Promise<Stack> {
  const servers = { redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') };
  return startedOn({ ...servers, stop: async () => undefined }, env, { apis, workers });
}

/** The same on servers of a test's own, where an order is accepted once a replica has it, and what is lost is missed soon. */
export const startedOnReplicas = (services: Services, env: Env = {}): Promise<Stack> =>
  startedOn(
    services,
    { ACCEPT_REPLICAS: '1', LOCK_TTL_MS: '2000', JOB_LOCK_MS: '2000', ...env },
    { apis: 2, workers: 2 },
  );

async function startedOn(
  services: Services,
  env: Env,
  { apis, workers }: { readonly apis: number; readonly workers: number },
): Promise<Stack> {
  const stack = new Stack(services, env);
  await stack.migrate();
  await stack.startApis(apis);
  await stack.startWorkers(workers);
  return stack;
}
