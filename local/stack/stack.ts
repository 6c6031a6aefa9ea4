import { REDIS_VARIABLES } from '@app/config';
import { randomBytes } from 'node:crypto';
import { runLong } from '../processes/run-command.js';
import {
  provideServers,
  startLockServers,
  startServices,
  type RedisKind,
  type Services,
} from '../services/services.js';
import { build, mainOf } from '../setup/build.js';
import { step } from '../terminal.js';
import { LABORATORY } from './laboratory.js';
import type { LockServer } from './lock-servers.js';
import { startPooler, type PostgresWay } from './pooler.js';
import { startReplicas, type Env, type Replica } from './replica.js';

export interface StackOptions {
  apiReplicas: number;
  workers: number;
  redis?: RedisKind;
  /** Lock servers besides Postgres and Redis. */
  locks?: LockServer[];
  /** What the processes reach Postgres by. */
  postgres?: PostgresWay;
  /** For every process of the stack. */
  env?: Env;
  /** Gives what only the APIs are told, before they start. */
  apiEnv?: (stack: Stack) => Promise<Env>;
}

/** Builds the application and starts it with the servers it needs. Whatever ends this process ends them all. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { apiReplicas, workers, redis, postgres = 'plain', locks = [], env, apiEnv } = options;
  await provideServers(['postgres', 'redis', ...locks]);
  const [services, lockServers] = await Promise.all([startServices(redis), startLockServers(locks)]);
  const pooler = postgres === 'pgbouncer' ? await startPooler(services.databaseUrl) : undefined;
  const stop = async () =>
    void (await Promise.all([pooler?.server.stop(), services.stop(), lockServers.stop()]));
  await build();
  const stack = new Stack({ ...services, stop }, { ...env, ...lockServers.env, ...pooler?.env });
  await stack.migrate();
  await stack.startApis(apiReplicas, await apiEnv?.(stack));
  await stack.startWorkers(workers);
  return stack;
}

/** Whatever the environment says of another one. */
const NO_REDIS: Env = Object.fromEntries(REDIS_VARIABLES.map((name) => [name, '']));

export class Stack {
  readonly adminKey = randomBytes(24).toString('base64url');
  /** Of Postgres itself, by which the truth is read. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** For fault experiments: each can be killed and started again, on the port it had. */
  apis: Replica[] = [];
  workers: Replica[] = [];
  /** What each of its processes is told. */
  readonly env: Readonly<Env>;

  constructor(
    private readonly services: Services,
    env: Env = {},
  ) {
    this.databaseUrl = services.databaseUrl;
    this.redisUrl = services.redisUrl;
    this.env = {
      NODE_ENV: 'production',
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn', // at thousands of requests a second a line each would be most of the work
      ALLOW_UNSAFE_STRATEGIES: 'true', // showing what they break is what a local stack is for
      ...LABORATORY,
      DATABASE_URL: this.databaseUrl,
      ...NO_REDIS,
      ...(services.redisEnv ?? { REDIS_URL: this.redisUrl }),
      ...env,
      ADMIN_KEY: this.adminKey,
    };
  }

  get apiUrls(): string[] {
    return this.apis.map(({ url }) => url);
  }

  async migrate(): Promise<void> {
    await runLong('migrating the database', process.execPath, [mainOf('checkout-api'), 'migrate'], {
      env: this.env,
    });
    step('database', 'migrated');
  }

  async startApis(count: number, env: Env = {}): Promise<void> {
    this.apis = await startReplicas('checkout-api', 'api', count, { ...this.env, ...env });
    step(`API x ${count}`, this.apiUrls.join(', '));
  }

  async startWorkers(count: number, env: Env = {}): Promise<void> {
    this.workers = await startReplicas('checkout-worker', 'worker', count, { ...this.env, ...env });
    step(`worker x ${count}`, 'ready');
  }

  /** Lets the workers finish what they hold; then another number of them can be started, with other settings. */
  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    this.workers = [];
  }

  /** Ends its processes at once. */
  async kill(): Promise<void> {
    await Promise.all([...this.apis, ...this.workers].map((replica) => replica.crash()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.apis, ...this.workers].map((replica) => replica.stop()));
    await this.services.stop();
  }
}
