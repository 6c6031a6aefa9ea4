import { z } from 'zod';
import { flag, integer, list, optional, url } from './fields.js';
import { lockServers } from './lock-servers.js';

/** What every process needs. Durations are in the unit their name ends with. */
const common = lockServers.extend({
  DATABASE_URL: url('postgres:', 'postgresql:'),
  REDIS_URL: url('redis:', 'rediss:'),
  HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_POOL_SIZE: integer(1, 200).default(10),
  /**
   * From SIGTERM (in the API: from the end of the grace) until the process leaves at the latest, whatever has not ended. Less than
   * whoever sends SIGTERM waits before SIGKILL, which Kubernetes does after 30 s.
   */
  SHUTDOWN_TIMEOUT_MS: integer(1_000, 600_000).default(20_000),
  /** Base URL of the OTLP/HTTP collector that traces go to; nothing is traced without one. */
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(url('http:', 'https:')),
  /** Share of checkouts that are traced. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** How long the payment provider may take to answer. */
  PAYMENT_TIMEOUT_MS: integer(100, 60_000).default(5_000),
});

const api = common.extend({
  PORT: integer(1, 65_535).default(3000),
  /** `none` and `local-mutex` oversell on purpose: they run only where somebody asked for them. */
  ALLOW_UNSAFE_STRATEGIES: flag.default(false),
  ADMIN_KEY: z.string().min(16, 'must have at least 16 characters'),
  /** How long an Idempotency-Key is remembered in Redis. The order itself keeps it unique for ever. */
  IDEMPOTENCY_TTL_SECONDS: integer(1, 30 * 86_400).default(86_400),
  /** From SIGTERM, when readiness says no, until it stops to listen: time for load balancers to notice. */
  SHUTDOWN_GRACE_MS: integer(0, 60_000).default(0),
  MAX_QUANTITY_PER_ORDER: integer(1, 10_000).default(100),
  /** Orders accepted and not settled beyond which new ones are refused. */
  QUEUE_MAX_BACKLOG: integer(1, 10_000_000).default(50_000),
  /** The same of one sale, so that others still have room: a few seconds' work of two cores. */
  SALE_MAX_BACKLOG: integer(1, 10_000_000).default(10_000),
  /** Verifies the tokens of buyers: a secret shared with their issuer (HS256), or where its key set is. Neither: checkouts name their buyer. */
  BUYER_JWT_SECRET: optional(z.string().min(32, 'must have at least 32 characters')),
  BUYER_JWKS_URL: optional(url('http:', 'https:')),
  BUYER_JWT_ISSUER: optional(z.string()),
  BUYER_JWT_AUDIENCE: optional(z.string()),
  /** Checkouts in a window; 0 is as many as there are. */
  RATE_LIMIT_PER_BUYER: integer(0, 1_000_000).default(0),
  RATE_LIMIT_PER_ADDRESS: integer(0, 1_000_000).default(0),
  /** The same for payments and cancellations, counted apart: whoever has no checkout left can still pay. */
  ORDER_RATE_LIMIT_PER_BUYER: integer(0, 1_000_000).default(0),
  ORDER_RATE_LIMIT_PER_ADDRESS: integer(0, 1_000_000).default(0),
  RATE_LIMIT_WINDOW_SECONDS: integer(1, 86_400).default(10),
  /** Proxies in front of the API whose X-Forwarded-For says where a request came from. */
  TRUSTED_PROXIES: integer(0, 10).default(0),
  /** Origins of web pages that may call the API, besides its own. */
  CORS_ORIGINS: optional(list(url('http:', 'https:'))),
  /** Where the dashboard may start load and kill workers: set by a local stack, never in production. */
  DASHBOARD_CONTROL_URL: optional(url('http:')),
});

const soundApi = api.refine(({ BUYER_JWT_SECRET, BUYER_JWKS_URL }) => !BUYER_JWT_SECRET || !BUYER_JWKS_URL, {
  path: ['BUYER_JWKS_URL'],
  message: 'cannot go with BUYER_JWT_SECRET: tokens have one issuer',
});

const worker = common.extend({
  /** Health and metrics of this worker. */
  PORT: integer(1, 65_535).default(3001),
  /** Orders one worker has in hand at most, however many SKUs they are of; this bounds its memory. */
  WORKER_CONCURRENCY: integer(1, 100_000).default(4_096),
  /** Orders of one SKU per transaction at most, which SKUs may share; 1 is the textbook lock per order. */
  BATCH_SIZE: integer(1, 1_000).default(64),
  /** A hold begins no further transaction once it is this old. With batches of 1 it has just one. */
  BATCH_MAX_HOLD_MS: integer(0, 60_000).default(50),
  /** TTL of every lock but `redis-setnx`; a watchdog extends it while the work runs. */
  LOCK_TTL_MS: integer(100, 600_000).default(10_000),
  /** Whether a fenced lock may be taken from a process that seems gone before its TTL has run out. */
  LOCK_EARLY_TAKEOVER: flag.default(true),
  /** TTL of the textbook `redis-setnx` lock, which nothing extends: EX 60. */
  SETNX_TTL_MS: integer(100, 600_000).default(60_000),
  /** Database steps of one sale at a time, over all workers; a semaphore in Redis. 0 is as many as there are. */
  SALE_MAX_SECTIONS: integer(0, 10_000).default(0),
  /** A job whose worker gives no sign of life for this long goes back to the queue. */
  JOB_LOCK_MS: integer(1_000, 600_000).default(10_000),
  /** Pause between two looks for reservations and payments that were left unfinished. */
  SWEEP_INTERVAL_MS: integer(100, 600_000).default(2_000),
});

export type ApiConfig = z.infer<typeof api>;
export type WorkerConfig = z.infer<typeof worker>;

/** The environment is unusable. The message names every offending variable and what it must be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws {ConfigError} */
export const loadApiConfig = (env = process.env): ApiConfig => load(soundApi, env);
/** @throws {ConfigError} */
export const loadWorkerConfig = (env = process.env): WorkerConfig => load(worker, env);

function load<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `  ${name} ${env[name] === undefined ? 'is not set' : `is invalid: ${message}`}`;
  });
  throw new ConfigError(`The environment is not usable:\n${lines.join('\n')}`);
}
