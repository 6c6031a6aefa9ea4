import { z } from 'zod';
import { checkCompanions, type Companions } from './companions.js';
import { certificates, endpoint, flag, integer, list, optional, url } from './fields.js';

const PORT = 6_379;
const SENTINEL_PORT = 26_379;

/** Divides evenly among 1, 2, 3, 4, 6 and 12 primaries. */
const SHARDS = 12;

/** Where Redis is: one server, whichever the Sentinels call the primary, or a cluster. */
export const redisServers = z.object({
  REDIS_URL: optional(url('redis:', 'rediss:')),
  REDIS_SENTINELS: optional(list(endpoint(SENTINEL_PORT))),
  /** What the Sentinels call the primary and its replicas. */
  REDIS_SENTINEL_NAME: optional(z.string()),
  /** Some nodes of a Redis Cluster, which tell of the others. */
  REDIS_CLUSTER_NODES: optional(list(endpoint(PORT))),
  /** Parts that the sales are spread over there: it is to stay the same. */
  REDIS_SHARDS: optional(integer(1, 256)),
  /** Of the servers that have the data. */
  REDIS_USERNAME: optional(z.string()),
  REDIS_PASSWORD: optional(z.string()),
  REDIS_SENTINEL_PASSWORD: optional(z.string()),
  /** Of the Sentinels and of those servers. */
  REDIS_TLS: optional(flag),
  /** Who signed their certificates, if it is nobody that Node.js knows. */
  REDIS_CA_FILE: optional(certificates),
});
type Given = z.infer<typeof redisServers>;

/** The variables that say where Redis is, the first that is set decides; and what goes with each. */
const KINDS: Readonly<Record<string, Companions>> = {
  REDIS_URL: { needed: [], allowed: ['REDIS_URL', 'REDIS_CA_FILE'] },
  REDIS_SENTINELS: {
    needed: ['REDIS_SENTINEL_NAME'],
    allowed: [
      'REDIS_SENTINELS',
      'REDIS_USERNAME',
      'REDIS_PASSWORD',
      'REDIS_SENTINEL_PASSWORD',
      'REDIS_TLS',
      'REDIS_CA_FILE',
    ],
  },
  REDIS_CLUSTER_NODES: {
    needed: [],
    allowed: [
      'REDIS_CLUSTER_NODES',
      'REDIS_SHARDS',
      'REDIS_USERNAME',
      'REDIS_PASSWORD',
      'REDIS_TLS',
      'REDIS_CA_FILE',
    ],
  },
};
/** All variables about Redis. */
export const REDIS_VARIABLES = Object.keys(redisServers.shape);

/** For `superRefine`: one place for Redis, with all that it needs and nothing that it would ignore. */
export function checkRedisServers(config: Given, context: z.RefinementCtx): void {
  const complain = (name: string, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  const chosen = Object.keys(KINDS).find((name) => config[name as keyof Given] !== undefined);
  if (chosen === undefined) {
    complain('REDIS_URL', 'it is needed, or REDIS_SENTINELS and REDIS_SENTINEL_NAME, or REDIS_CLUSTER_NODES');
    return;
  }
  checkCompanions(chosen, KINDS[chosen]!, { names: REDIS_VARIABLES, config, context });
  if (config.REDIS_USERNAME !== undefined && config.REDIS_PASSWORD === undefined)
    complain('REDIS_PASSWORD', 'is needed with REDIS_USERNAME');
  const isEncrypted = config.REDIS_URL?.startsWith('rediss:') ?? config.REDIS_TLS;
  if (config.REDIS_CA_FILE !== undefined && !isEncrypted)
    complain('REDIS_CA_FILE', 'would be ignored without TLS: a REDIS_URL of rediss://, or REDIS_TLS=true');
}

/** Whatever else is wrong, this is told with it; not twice what is wrong with these variables themselves. */
export const AS_FAR_AS_READ: z.core.$ZodSuperRefineParams = {
  when: ({ issues }) => !issues.some(({ path }) => REDIS_VARIABLES.includes(String(path?.[0]))),
};

/** Where Redis is, as libs/servers takes it. */
export function redisServersOf(config: Given) {
  const { REDIS_URL, REDIS_SENTINELS, REDIS_CLUSTER_NODES, REDIS_CA_FILE: ca } = config;
  const access = {
    username: config.REDIS_USERNAME,
    password: config.REDIS_PASSWORD,
    tls: config.REDIS_TLS ?? false,
    ca,
  };
  if (REDIS_SENTINELS)
    return {
      kind: 'sentinel',
      sentinels: REDIS_SENTINELS,
      name: config.REDIS_SENTINEL_NAME!,
      sentinelPassword: config.REDIS_SENTINEL_PASSWORD,
      ...access,
    } as const;
  if (REDIS_CLUSTER_NODES)
    return {
      kind: 'cluster',
      nodes: REDIS_CLUSTER_NODES,
      shards: config.REDIS_SHARDS ?? SHARDS,
      ...access,
    } as const;
  return { kind: 'one', url: REDIS_URL!, ca } as const;
}
