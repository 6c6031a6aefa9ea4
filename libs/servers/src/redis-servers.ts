import { Redis, type RedisOptions, type SentinelAddress } from 'ioredis';
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
      readonly sentinels: readonly Pick<SentinelAddress, 'host' | 'port'>[];
      /** What they call the primary and its replicas. */
      readonly name: string;
      readonly username?: string;
      readonly password?: string;
      readonly sentinelPassword?: string;
      /** Of the Sentinels and of the servers. */
      readonly tls: boolean;
      readonly ca?: string;
    };

/** A client of whatever server takes writes there, and whose duplicates are so too. */
export function clientOf(servers: RedisServers, options: RedisOptions): Redis {
  const { kind, ca } = servers;
  if (kind === 'one') return new Redis(servers.url, { ...options, ...(ca !== undefined && { tls: { ca } }) });
  const { name, username, password, sentinelPassword } = servers;
  const tls = servers.tls ? { ca } : undefined;
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
  const { name, sentinels } = servers;
  return `${name} of the Sentinels ${sentinels.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
}
