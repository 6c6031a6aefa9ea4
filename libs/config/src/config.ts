import { z } from 'zod';
import { adminKey, adminKeys, adminKeysOf, areDistinct } from './admin-keys.js';
import { checkCompanions, type Companions } from './companions.js';
import { choice, flag, integer, list, optional, url } from './fields.js';
import { lockServers } from './lock-servers.js';
import { postgres, postgresOf, replica } from './postgres.js';
import { AS_FAR_AS_READ, checkRedisServers, redisServers } from './redis-servers.js';

/** What every process needs. Durations are in the unit their name ends with. */
const common = lockServers.extend(postgres.shape).extend({
  ...redisServers.shape,
  HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_POOL_SIZE: integer(1, 200).default(10),
  /**
   * Most time from SIGTERM (in the API: from the end of the grace) until the process exits, whatever has not ended. Keep it
   * below the time until SIGKILL, 30 s on Kubernetes.
   */
  SHUTDOWN_TIMEOUT_MS: integer(1_000, 600_000).default(20_000),
  /** Base URL of the OTLP/HTTP collector that traces go to; nothing is traced without one. */
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(url('http:', 'https:')),
  /** Share of checkouts that are traced. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** Who takes the money. Nobody does by default, so that no shop gives its goods away unawares. */
  PAYMENT_PROVIDER: choice(
    ['simulated'],
    'it says yes to anybody and takes no money; one that does has to be added to libs/payments',
  ),
  /** How long the payment provider may take to answer. */
  PAYMENT_TIMEOUT_MS: integer(100, 60_000).default(5_000),
});

const api = common.extend(replica.shape).extend({
  PORT: integer(1, 65_535).default(3000),
  /** Connections for public reads and audits, besides DATABASE_POOL_SIZE: they never take those of checkouts and payments. */
  DATABASE_READ_POOL_SIZE: integer(1, 200).default(4),
  /** Allows `none` and `local-mutex`, which oversell on purpose. */
  ALLOW_UNSAFE_STRATEGIES: flag.default(false),
  /** An admin key that may do everything. */
  ADMIN_KEY: optional(adminKey),
  /** Further ones: a key is replaced by adding the new one before the old one goes. */
  ADMIN_KEYS: optional(adminKeys),
  /** How long an Idempotency-Key is remembered in Redis. The order itself keeps it unique for ever. */
  IDEMPOTENCY_TTL_SECONDS: integer(1, 30 * 86_400).default(86_400),
  /** How long a request may take to arrive, its body included. */
  REQUEST_TIMEOUT_MS: integer(1_000, 300_000).default(15_000),
  /** From SIGTERM until it stops to listen. It is not ready meanwhile, so that load balancers notice. */
  SHUTDOWN_GRACE_MS: integer(0, 60_000).default(0),
  MAX_QUANTITY_PER_ORDER: integer(1, 10_000).default(100),
  /** So many replicas of Redis have to have an order before its buyer is told that it is accepted. */
  ACCEPT_REPLICAS: integer(0, 10).default(0),
  /** Most orders accepted and not settled; beyond it new ones are refused. */
  QUEUE_MAX_BACKLOG: integer(1, 10_000_000).default(50_000),
  /** The same for one sale, so that others still have room: a few seconds' work of two cores. */
  SALE_MAX_BACKLOG: integer(1, 10_000_000).default(10_000),
  /** How buyers show who they are. */
  BUYER_AUTH: choice(
    ['secret', 'jwks', 'none'],
    'buyers show a token of BUYER_JWT_SECRET or of the keys at BUYER_JWKS_URL, or, with none, are believed whoever they say they are',
  ),
  /** Shared with the issuer of buyers' tokens (HS256). */
  BUYER_JWT_SECRET: optional(z.string().min(32, 'must have at least 32 characters')),
  /** Where the issuer's keys are. */
  BUYER_JWKS_URL: optional(url('http:', 'https:')),
  /** How long the last keys serve while the issuer does not answer. */
  BUYER_JWKS_MAX_AGE_SECONDS: integer(1, 30 * 86_400).default(86_400),
  BUYER_JWT_ISSUER: optional(z.string()),
  BUYER_JWT_AUDIENCE: optional(z.string()),
  /** Most checkouts in a window; 0 sets no limit. Many buyers may share an address. */
  RATE_LIMIT_PER_BUYER: integer(0, 1_000_000).default(20),
  RATE_LIMIT_PER_ADDRESS: integer(0, 1_000_000).default(200),
  /** The same for payments and cancellations, counted apart: who has no checkout left can still pay. */
  ORDER_RATE_LIMIT_PER_BUYER: integer(0, 1_000_000).default(20),
  ORDER_RATE_LIMIT_PER_ADDRESS: integer(0, 1_000_000).default(200),
  /** The same for questions to a waiting room: who waits asks often, and still has checkouts left when let in. */
  WAITING_ROOM_RATE_LIMIT_PER_BUYER: integer(0, 1_000_000).default(30),
  WAITING_ROOM_RATE_LIMIT_PER_ADDRESS: integer(0, 1_000_000).default(300),
  /** Public reads in a second; what comes faster waits, and is refused if it would wait for more than one. 0 sets no limit. */
  READS_PER_SECOND_PER_ADDRESS: integer(0, 1_000_000).default(100),
  /** The same over all addresses, for this replica. */
  READS_PER_SECOND: integer(0, 1_000_000).default(1_000),
  /** Reads of orders in a second, by one buyer or, where those are not authenticated, from one address. */
  ORDER_READS_PER_SECOND: integer(0, 1_000_000).default(100),
  /** Refused requests in a second; beyond it each takes up to a second longer. 0 sets no limit. */
  REFUSALS_PER_SECOND_PER_ADDRESS: integer(0, 1_000_000).default(50),
  /** IPv6 addresses with so many bits in common count as one. */
  RATE_LIMIT_IPV6_PREFIX: integer(32, 128).default(64),
  RATE_LIMIT_WINDOW_SECONDS: integer(1, 86_400).default(10),
  /** Event streams open at a time at this replica, of one buyer, of one address, and of all; 0 sets no limit. */
  EVENT_STREAMS_PER_BUYER: integer(0, 100_000).default(10),
  EVENT_STREAMS_PER_ADDRESS: integer(0, 100_000).default(100),
  EVENT_STREAMS: integer(0, 100_000).default(1_000),
  /** Proxies in front of the API whose X-Forwarded-For says where a request came from. */
  TRUSTED_PROXIES: integer(0, 10).default(0),
  /** Origins of web pages that may call the API, besides its own. */
  CORS_ORIGINS: optional(list(url('http:', 'https:'))),
  /** Where the dashboard may start load and kill workers: set by a local stack, never in production. */
  DASHBOARD_CONTROL_URL: optional(url('http:')),
});

type BuyerAuth = z.infer<typeof api>['BUYER_AUTH'];

/** What each way of authentication needs, and what it knows besides. */
const BUYER_VARIABLES = {
  secret: { needed: ['BUYER_JWT_SECRET'], allowed: ['BUYER_JWT_ISSUER', 'BUYER_JWT_AUDIENCE'] },
  // Tenants of an identity provider may share its keys: a token proves nothing unless it says for whom it is.
  jwks: { needed: ['BUYER_JWKS_URL', 'BUYER_JWT_ISSUER', 'BUYER_JWT_AUDIENCE'], allowed: [] },
  none: { needed: [], allowed: [] },
} as const satisfies Record<BuyerAuth, Companions>;
const ALL_BUYER_VARIABLES = [...new Set(Object.values(BUYER_VARIABLES).flatMap(({ needed }) => needed))];

const soundApi = api
  .superRefine(checkRedisServers, AS_FAR_AS_READ)
  .superRefine((config, context) => {
    const chosen = config.BUYER_AUTH;
    const check = { names: ALL_BUYER_VARIABLES, config, context };
    checkCompanions(`BUYER_AUTH=${chosen}`, BUYER_VARIABLES[chosen], check);
  })
  .refine((given) => adminKeysOf(given).length > 0, {
    path: ['ADMIN_KEY'],
    message: 'must be set, or ADMIN_KEYS: nobody could open a sale',
  })
  .refine(areDistinct, {
    path: ['ADMIN_KEYS'],
    message: 'must have a name and a key of its own for each; ADMIN_KEY is called admin',
  });

/** Of `migrate`, whose role owns the tables. */
const migration = postgres.extend(common.pick({ LOG_LEVEL: true }).shape).extend({
  /** The role of API and workers, if it is another: it may then read and write rows, and nothing else. */
  DATABASE_RUNTIME_ROLE: optional(z.string()),
  /** With it the role is made, or given this password. */
  DATABASE_RUNTIME_PASSWORD: optional(z.string()),
});

const soundMigration = migration.refine((given) => postgresOf(given).direct !== undefined, {
  path: ['DATABASE_DIRECT_URL'],
  message: 'is needed with a DATABASE_POOLER: migrations need a session of their own',
});

/** Of `retire`. */
const retirement = postgres
  .extend({ ...redisServers.shape, ...common.pick({ LOG_LEVEL: true }).shape })
  .extend({
    /** A sale is archived, and its rows are deleted, so many days after its end. */
    RETENTION_DAYS: integer(1, 36_500),
    /** Where the archives go: what must outlive the database. */
    ARCHIVE_DIR: z.string(),
  });

const soundRetirement = retirement
  .superRefine(checkRedisServers, AS_FAR_AS_READ)
  .refine((given) => postgresOf(given).direct !== undefined, {
    path: ['DATABASE_DIRECT_URL'],
    message:
      'is needed with a DATABASE_POOLER: one process at a time retires sales, by a lock of its session',
  });

const worker = common.extend({
  /** Health and metrics of this worker. */
  PORT: integer(1, 65_535).default(3001),
  /** Most orders that one worker has in hand, of all SKUs; this bounds its memory. */
  WORKER_CONCURRENCY: integer(1, 100_000).default(4_096),
  /** Most orders of one SKU in a transaction, which SKUs may share; 1 is the textbook lock per order. */
  BATCH_SIZE: integer(1, 1_000).default(64),
  /** A hold that is this old begins no further transaction. With batches of 1 it has just one. */
  BATCH_MAX_HOLD_MS: integer(0, 60_000).default(50),
  /** TTL of every lock but `redis-setnx`; a watchdog extends it while the work runs. */
  LOCK_TTL_MS: integer(100, 600_000).default(10_000),
  /** Whether waiters may take a fenced lock before its TTL has run out, if its holder seems gone. */
  LOCK_EARLY_TAKEOVER: flag.default(true),
  /** TTL of the textbook `redis-setnx` lock, which nothing extends: EX 60. */
  SETNX_TTL_MS: integer(100, 600_000).default(60_000),
  /** Most critical sections of one sale at a time, over all workers, by a semaphore in Redis. 0 sets no limit. */
  SALE_MAX_SECTIONS: integer(0, 10_000).default(0),
  /** A job goes back to the queue once its worker has given no sign of life for this long. */
  JOB_LOCK_MS: integer(1_000, 600_000).default(10_000),
  /** Pause between two searches for unfinished reservations and payments. */
  SWEEP_INTERVAL_MS: integer(100, 600_000).default(2_000),
  /** How long a webhook's endpoint may take to accept an event. */
  WEBHOOK_TIMEOUT_MS: integer(100, 60_000).default(10_000),
  /** So often an endpoint may refuse an event until it is a dead letter: with the default after some nine hours. */
  WEBHOOK_MAX_ATTEMPTS: integer(1, 1_000).default(20),
  /** How long events stay in the feed; longer if a webhook has not accepted them yet. */
  EVENTS_RETENTION_HOURS: integer(1, 87_600).default(168),
});

const soundWorker = worker.superRefine(checkRedisServers, AS_FAR_AS_READ);

/** Names of the variables that each process reads. */
export const VARIABLES = {
  api: Object.keys(api.shape),
  worker: Object.keys(worker.shape),
  migrate: Object.keys(migration.shape),
  retire: Object.keys(retirement.shape),
};

export type ApiConfig = z.infer<typeof api>;
export type WorkerConfig = z.infer<typeof worker>;

/** The environment is unusable. The message names every offending variable and what it must be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws {ConfigError} */
export const loadApiConfig = (env = process.env): ApiConfig => load(soundApi, env);
/** @throws {ConfigError} */
export const loadMigrationConfig = (env = process.env): z.infer<typeof migration> =>
  load(soundMigration, env);
/** @throws {ConfigError} */
export const loadRetirementConfig = (env = process.env): z.infer<typeof retirement> =>
  load(soundRetirement, env);
/** @throws {ConfigError} */
export const loadWorkerConfig = (env = process.env): WorkerConfig => load(soundWorker, env);

function load<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const parsed = schema.safeParse(env, {
    error: ({ input }) => (input === undefined ? 'it is needed' : undefined),
  });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `  ${name} ${env[name] ? 'is invalid' : 'is not set'}: ${message}`;
  });
  throw new ConfigError(`The environment is not usable:\n${lines.join('\n')}`);
}
