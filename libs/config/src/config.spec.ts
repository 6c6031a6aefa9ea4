import { describe, expect, it } from 'vitest';
import { loadApiConfig } from './config.js';

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
