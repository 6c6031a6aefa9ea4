import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
    databaseUrl: string;
  }
}

export default function setup(project: TestProject) {
  project.provide('redisUrl', process.env.REDIS_URL!);
  project.provide('databaseUrl', process.env.DATABASE_URL!);
}
