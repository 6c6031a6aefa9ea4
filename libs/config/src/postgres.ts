import { z } from 'zod';
import { choice, file, integer, optional, url } from './fields.js';

const postgresUrl = url('postgres:', 'postgresql:');

/** How Postgres is reached. TLS is asked for in the URLs, as `pg` understands them: `?sslmode=verify-full`. */
export const postgres = z.object({
  DATABASE_URL: postgresUrl,
  /** What DATABASE_URL and DATABASE_REPLICA_URL lead to. */
  DATABASE_POOLER: choice(
    ['none', 'transaction', 'transaction-prepared'],
    'what stands before Postgres: nothing, a pooler in transaction mode such as PgBouncer, or one that also keeps prepared statements apart (PgBouncer 1.21 or newer with max_prepared_statements)',
  ).default('none'),
  /** Postgres itself, past the pooler: for migrations, and for locks that are sessions. */
  DATABASE_DIRECT_URL: optional(postgresUrl),
  /** Certificate of a CA that all of them must be known to. With it every connection is encrypted. */
  DATABASE_CA_FILE: optional(file),
});

export const replica = z.object({
  /** A streaming replica for reads that may be some seconds old. */
  DATABASE_REPLICA_URL: optional(postgresUrl),
  /** How old they may be. When the replica is further behind, the primary answers. */
  DATABASE_REPLICA_MAX_LAG_MS: integer(1_000, 600_000).default(5_000),
});

type Given = z.infer<typeof postgres> & Partial<z.infer<typeof replica>>;

/** The servers of Postgres that are configured. */
export function postgresOf(config: Given) {
  const { DATABASE_POOLER: pooler, DATABASE_DIRECT_URL: direct, DATABASE_REPLICA_URL: replicaUrl } = config;
  const trusting = (address: string) => withCa(address, config.DATABASE_CA_FILE);
  const main = trusting(config.DATABASE_URL);
  return {
    main: { url: main, pooler },
    /** Absent where it is not known how to get past the pooler. */
    direct: direct ? trusting(direct) : pooler === 'none' ? main : undefined,
    replica: replicaUrl ? { url: trusting(replicaUrl), pooler } : undefined,
  };
}

/** All clients of `pg` take the CA from the URL, whoever makes them. */
function withCa(address: string, ca: string | undefined): string {
  if (!ca) return address;
  const trusted = new URL(address);
  trusted.searchParams.set('sslrootcert', ca);
  return trusted.href;
}
