import { z } from 'zod';
import { list, optional, url } from './fields.js';
import { postgresOf, type postgres } from './postgres.js';

const hosts = z
  .string()
  .regex(
    /^([^\s:,@]+:[^\s,@]+@)?[^\s:,@]+:\d+(,[^\s:,@]+:\d+)*$/,
    'must be host:port, or several with commas; a user and password go in front of them all, user:password@',
  );

/**
 * The servers of lock drivers. Each is needed only if a sale names a strategy that locks there. Credentials go into the URL:
 * `user:password@host`, for Consul `:token@host`.
 */
export const lockServers = z.object({
  REDLOCK_URLS: optional(list(url('redis:', 'rediss:'), 3)),
  ETCD_URLS: optional(list(url('http:', 'https:'))),
  ZOOKEEPER_HOSTS: optional(hosts),
  CONSUL_URL: optional(url('http:', 'https:')),
  CASSANDRA_CONTACT_POINTS: optional(hosts),
  MYSQL_URL: optional(url('mysql:')),
});

/** Which variable names the servers of a lock backend. */
export const LOCK_SERVER_VARIABLES = {
  redis: 'REDIS_URL',
  postgres: 'DATABASE_URL',
  redlock: 'REDLOCK_URLS',
  etcd: 'ETCD_URLS',
  zookeeper: 'ZOOKEEPER_HOSTS',
  consul: 'CONSUL_URL',
  cassandra: 'CASSANDRA_CONTACT_POINTS',
  mysql: 'MYSQL_URL',
} as const;

/** The servers that are configured, by lock backend; Redis is the application's own connection. */
export const lockServersOf = (config: z.infer<typeof lockServers> & z.infer<typeof postgres>) => ({
  postgres: postgresOf(config).direct, // sessions are locks there
  redlock: config.REDLOCK_URLS,
  etcd: config.ETCD_URLS,
  zookeeper: config.ZOOKEEPER_HOSTS,
  consul: config.CONSUL_URL,
  cassandra: config.CASSANDRA_CONTACT_POINTS,
  mysql: config.MYSQL_URL,
});
