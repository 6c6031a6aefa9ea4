import { describe, expect, it } from 'vitest';
import { adminKeysOf } from './admin-keys.js';
import { ConfigError, loadApiConfig } from './config.js';

const KEY = 'a-key-for-tests-only';
const OTHER = 'another-key-for-tests';
const OTHERS = {
  DATABASE_URL: 'postgres://h/d',
  REDIS_URL: 'redis://h',
  BUYER_AUTH: 'none',
  PAYMENT_PROVIDER: 'simulated',
};
const load = (given: Record<string, string>) => loadApiConfig({ ...OTHERS, ...given });
const refused = (given: Record<string, string>, ...words: readonly string[]) => {
  expect(() => load(given)).toThrow(ConfigError);
  for (const word of words) expect(() => load(given)).toThrow(word);
};

describe('admin keys', () => {
  it('has one that may do everything, as before', () => {
    expect(adminKeysOf(load({ ADMIN_KEY: KEY }))).toEqual([{ name: 'admin', scope: 'operate', key: KEY }]);
  });

  it('has several with names and scopes, with that one or without it', () => {
    const several = { ADMIN_KEYS: `grafana:read:${KEY}, ann:operate:${OTHER}:with:colons` };
    const named = [
      { name: 'grafana', scope: 'read', key: KEY },
      { name: 'ann', scope: 'operate', key: `${OTHER}:with:colons` },
    ];
    expect(adminKeysOf(load(several))).toEqual(named);
    expect(adminKeysOf(load({ ...several, ADMIN_KEY: 'one-more-key-for-tests' }))).toHaveLength(3);
    expect(adminKeysOf(load({ ADMIN_KEY: KEY, ADMIN_KEYS: '' }))).toHaveLength(1);
  });

  it('names what is wrong', () => {
    refused({}, 'ADMIN_KEY is not set');
    for (const wrong of ['ann', `ann:${KEY}`, `ann:rule:${KEY}`, 'ann:read:short', `Ann:read:${KEY}`, ','])
      refused({ ADMIN_KEYS: wrong }, 'ADMIN_KEYS is invalid', 'name:scope:key');
    refused({ ADMIN_KEYS: `ann:read:${KEY},ann:operate:${OTHER}` }, 'ADMIN_KEYS is invalid', 'of its own');
    refused({ ADMIN_KEYS: `ann:read:${KEY},bob:operate:${KEY}` }, 'ADMIN_KEYS is invalid', 'of its own');
    refused({ ADMIN_KEY: KEY, ADMIN_KEYS: `admin:read:${OTHER}` }, 'ADMIN_KEYS is invalid', 'of its own');
  });
});
