import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { loadApiConfig, loadMigrationConfig } from './config.js';
import { lockServersOf } from './lock-servers.js';
import { postgresOf } from './postgres.js';

const LEAST = {
  DATABASE_URL: 'postgres://localhost/shop',
  REDIS_URL: 'redis://localhost',
  ADMIN_KEY: 'a-key-for-tests-only',
  BUYER_AUTH: 'none',
  PAYMENT_PROVIDER: 'simulated',
};

describe('an API about which nobody has said more than that', () => {
  it('limits buyers and addresses', () => {
    const config = loadApiConfig(LEAST);
    for (const name of ['RATE_LIMIT_PER_BUYER', 'RATE_LIMIT_PER_ADDRESS'] as const) {
      expect(config[name]).toBeGreaterThan(0);
      expect(config[`ORDER_${name}`]).toBeGreaterThan(0);
      expect(config[`WAITING_ROOM_${name}`]).toBeGreaterThan(0);
    }
  });

  it('takes an empty variable for one that is not set', () => {
    expect(() => loadApiConfig({ ...LEAST, BUYER_JWT_SECRET: '', BUYER_JWKS_URL: '' })).not.toThrow();
    expect(() => loadApiConfig({ ...LEAST, BUYER_AUTH: 'secret', BUYER_JWT_SECRET: '' })).toThrow(
      'BUYER_JWT_SECRET is not set: is needed with BUYER_AUTH=secret',
    );
  });
});

describe('Postgres', () => {
  const direct = 'postgres://localhost:5432/shop';
  const ca = join(import.meta.dirname, 'config.ts'); // any file

  it('is reached directly, also for locks, unless there is a pooler', () => {
    const config = loadApiConfig(LEAST);
    const { DATABASE_URL: url } = LEAST;
    expect(postgresOf(config)).toEqual({ main: { url, pooler: 'none' }, direct: url, replica: undefined });
    expect(lockServersOf(config).postgres).toBe(url);
  });

  it('has locks and migrations past a pooler, or not at all', () => {
    const pooled = { ...LEAST, DATABASE_POOLER: 'transaction' };
    expect(lockServersOf(loadApiConfig(pooled)).postgres).toBeUndefined();
    expect(() => loadMigrationConfig(pooled)).toThrow('DATABASE_DIRECT_URL is not set: is needed with');
    const both = { ...pooled, DATABASE_DIRECT_URL: direct };
    expect(lockServersOf(loadApiConfig(both)).postgres).toBe(direct);
    expect(postgresOf(loadMigrationConfig(both)).direct).toBe(direct);
  });

  it('shows a certificate of the CA whatever it is asked for', () => {
    const config = loadApiConfig({ ...LEAST, DATABASE_REPLICA_URL: direct, DATABASE_CA_FILE: ca });
    const { main, replica, direct: past } = postgresOf(config);
    for (const url of [main.url, replica!.url, past!])
      expect(new URL(url).searchParams.get('sslrootcert')).toBe(ca);
  });

  it('says which words there are, and that a file is not there', () => {
    expect(() => loadApiConfig({ ...LEAST, DATABASE_POOLER: 'pgbouncer' })).toThrow(
      'DATABASE_POOLER is invalid: choose none, transaction, transaction-prepared',
    );
    expect(() => loadApiConfig({ ...LEAST, DATABASE_CA_FILE: '/nowhere/ca.pem' })).toThrow(
      'DATABASE_CA_FILE is invalid: must be a file that this process can read',
    );
  });
});
