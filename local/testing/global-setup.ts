import type { TestProject } from 'vitest/node';
import { endRun } from '../processes/run.mjs';
import { startServices } from '../services/services.js';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
    databaseUrl: string;
  }
}

/** A Redis and a Postgres for the whole test run. */
export default async function setup(project: TestProject) {
  const services = await startServices();
  project.provide('redisUrl', services.redisUrl);
  project.provide('databaseUrl', services.databaseUrl);
  return async () => {
    await services.stop();
    await endRun();
  };
}
