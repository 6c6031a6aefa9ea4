import { rootCertificates } from 'node:tls';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadApiConfig, loadMigrationConfig, loadWorkerConfig } from './config.js';
import { redisServersOf } from './redis-servers.js';

type Given = Record<string, string>;
const OTHERS = { DATABASE_URL: 'postgres://h/d', PAYMENT_PROVIDER: 'simulated' };
const load = (given: Given) => redisServersOf(loadWorkerConfig({ ...OTHERS, ...given }));
const refused = (given: Given, ...words: readonly string[]) => {
  expect(() => load(given)).toThrow(ConfigError);
  for (const word of words) expect(() => load(given)).toThrow(word);
};
const SENTINELS = { REDIS_SENTINELS: 'a:1,b:2', REDIS_SENTINEL_NAME: 'shop' };

let folder: string;
let authority: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-servers-'));
  authority = join(folder, 'ca.pem');
  writeFileSync(authority, rootCertificates[0]!);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('where Redis is', () => {
  it('is one server', () => {
    expect(load({ REDIS_URL: 'redis://h' })).toEqual({ kind: 'one', url: 'redis://h' });
    const encrypted = load({ REDIS_URL: 'rediss://h', REDIS_CA_FILE: authority });
    expect(encrypted).toEqual({ kind: 'one', url: 'rediss://h', ca: rootCertificates[0] });
  });

  it('is told by Sentinels, without a port at their own one', () => {
    expect(load({ ...SENTINELS, REDIS_SENTINELS: 'a, b:2,[::1]:3' })).toMatchObject({
      kind: 'sentinel',
      name: 'shop',
      tls: false,
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 2 },
        { host: '::1', port: 3 },
      ],
    });
    const given = {
      REDIS_USERNAME: 'u',
      REDIS_PASSWORD: 'p',
      REDIS_SENTINEL_PASSWORD: 's',
      REDIS_TLS: 'true',
    };
    expect(load({ ...SENTINELS, ...given, REDIS_CA_FILE: authority })).toMatchObject({
      username: 'u',
      password: 'p',
      sentinelPassword: 's',
      tls: true,
      ca: rootCertificates[0],
    });
  });

  it('is a cluster, of which some nodes are told, with 12 shards unless somebody wants others', () => {
    expect(load({ REDIS_CLUSTER_NODES: 'a, b:2' })).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 6_379 },
        { host: 'b', port: 2 },
      ],
      shards: 12,
      username: undefined,
      password: undefined,
      tls: false,
      ca: undefined,
    });
    const given = { REDIS_PASSWORD: 'p', REDIS_TLS: 'true', REDIS_CA_FILE: authority, REDIS_SHARDS: '3' };
    expect(load({ REDIS_CLUSTER_NODES: 'a', ...given })).toMatchObject({
      shards: 3,
      password: 'p',
      tls: true,
      ca: rootCertificates[0],
    });
  });

  it('takes empty variables for such that are not set', () => {
    expect(load({ REDIS_URL: '', ...SENTINELS, REDIS_PASSWORD: '' })).toMatchObject({ kind: 'sentinel' });
    expect(load({ REDIS_URL: 'redis://h', REDIS_SENTINELS: '', REDIS_TLS: '' })).toMatchObject({
      kind: 'one',
    });
  });

  it('has to be said, and is told with whatever else is wrong', () => {
    refused({}, 'REDIS_URL is not set: it is needed, or REDIS_SENTINELS and REDIS_SENTINEL_NAME');
    refused({ REDIS_SENTINEL_NAME: 'shop' }, 'REDIS_URL is not set');
    expect(() => loadApiConfig({ ...OTHERS, ADMIN_KEY: 'short' })).toThrow(
      /REDIS_URL is not set[^]*ADMIN_KEY|ADMIN_KEY[^]*REDIS_URL is not set/,
    );
  });

  it('is no matter of migrations', () => {
    expect(() => loadMigrationConfig(OTHERS)).not.toThrow();
  });

  it.each<[Given, string]>([
    [{ REDIS_SENTINELS: 'a:1' }, 'REDIS_SENTINEL_NAME is not set: is needed with REDIS_SENTINELS'],
    [{ REDIS_URL: 'redis://h', ...SENTINELS }, 'REDIS_SENTINELS is invalid: would be ignored with REDIS_URL'],
    [
      { REDIS_URL: 'redis://h', REDIS_PASSWORD: 'p' },
      'REDIS_PASSWORD is invalid: would be ignored with REDIS_URL',
    ],
    [
      { REDIS_URL: 'redis://h', REDIS_SHARDS: '3' },
      'REDIS_SHARDS is invalid: would be ignored with REDIS_URL',
    ],
    [
      { ...SENTINELS, REDIS_CLUSTER_NODES: 'a' },
      'REDIS_CLUSTER_NODES is invalid: would be ignored with REDIS_SENTINELS',
    ],
    [
      { REDIS_CLUSTER_NODES: 'a', REDIS_SENTINEL_NAME: 'shop' },
      'REDIS_SENTINEL_NAME is invalid: would be ignored with REDIS_CLUSTER_NODES',
    ],
    [{ REDIS_URL: 'redis://h', REDIS_TLS: 'true' }, 'REDIS_TLS is invalid: would be ignored with REDIS_URL'],
    [{ ...SENTINELS, REDIS_USERNAME: 'u' }, 'REDIS_PASSWORD is not set: is needed with REDIS_USERNAME'],
    [{ ...SENTINELS, REDIS_SENTINELS: 'redis://a:1' }, 'REDIS_SENTINELS is invalid: must be host:port'],
    [{ ...SENTINELS, REDIS_SENTINELS: 'a:1,' }, 'REDIS_SENTINELS is invalid: must be host:port'],
    [{ ...SENTINELS, REDIS_SENTINELS: 'a:70000' }, 'REDIS_SENTINELS is invalid: must be host:port'],
    [{ REDIS_URL: 'rediss://h', REDIS_CA_FILE: '/nowhere' }, 'REDIS_CA_FILE is invalid: must be a file of'],
    [{ REDIS_URL: 'rediss://h', REDIS_CA_FILE: import.meta.filename }, 'REDIS_CA_FILE is invalid: must be a'],
  ])('%j is refused', (given, sentence) => refused(given, sentence));

  it('refuses an authority that nobody would ask for', () => {
    refused(
      { REDIS_URL: 'redis://h', REDIS_CA_FILE: authority },
      'REDIS_CA_FILE is invalid: would be ignored without TLS',
    );
    refused({ ...SENTINELS, REDIS_CA_FILE: authority }, 'REDIS_TLS=true');
  });
});
