import { Redis, type RedisOptions } from 'ioredis';
import { clusterConnector } from './cluster-connector.js';
import type { Address } from './primary-connector.js';
import { SentinelConnector } from './sentinel-connector.js';

/** Where Redis is. */
export type RedisServers =
  | {
      readonly kind: 'one';
      /** `redis:` or, with TLS, `rediss:` */
      readonly url: string;
      /** Who signed its certificate, in PEM form; absent: somebody whom Node.js knows. */
      readonly ca?: string;
    }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly Address[];
      /** What they call the primary and its replicas. */
      readonly name: string;
      readonly username?: string;
      readonly password?: string;
      readonly sentinelPassword?: string;
      /** Of the Sentinels and of the servers. */
      readonly tls: boolean;
      readonly ca?: string;
    }
  | {
      readonly kind: 'cluster';
      /** Some of its nodes, which know the others. */
      readonly nodes: readonly Address[];
      /** Into so many parts its slots are divided. */
      readonly shards: number;
      /** Whose primary a client is for; absent: for none, it only listens. */
      readonly slot?: number;
      readonly username?: string;
      readonly password?: string;
      readonly tls: boolean;
      readonly ca?: string;
    };

/** A client of whatever server takes writes there, and whose duplicates are so too. */
export function clientOf(servers: RedisServers, options: RedisOptions): Redis {
  const { kind, ca } = servers;
  if (kind === 'one') return new Redis(servers.url, { ...options, ...(ca !== undefined && { tls: { ca } }) });
  const { username, password } = servers;
  const tls = servers.tls ? { ca } : undefined;
  if (kind === 'cluster') {
    const access = { username, password, tls };
    return new Redis({ ...options, ...access, Connector: clusterConnector(servers, access) });
  }
  const { name, sentinelPassword } = servers;
  return new Redis({
    ...options,
    Connector: SentinelConnector,
    sentinels: [...servers.sentinels],
    name,
    username,
    password,
    sentinelPassword,
    ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
  });
}

/** What they are called in a log, without passwords. */
export function placeOf(servers: RedisServers): string {
  if (servers.kind === 'one') return new URL(servers.url).host;
  if (servers.kind === 'cluster') return `the cluster of ${named(servers.nodes)}`;
  return `${servers.name} of the Sentinels ${named(servers.sentinels)}`;
}

const named = (addresses: readonly Address[]) =>
  addresses.map(({ host, port }) => `${host}:${port}`).join(', ');
