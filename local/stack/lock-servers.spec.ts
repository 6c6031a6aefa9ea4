import { describe, expect, it } from 'vitest';
import { lockServersOf, parseLockServers } from './lock-servers.js';

describe('lockServersOf', () => {
  it('names each server once, and never those that the application always has', () => {
    expect(lockServersOf(['none', 'redis', 'redis-setnx', 'row-lock', 'local-mutex'])).toEqual([]);
    expect(lockServersOf(['etcd', 'redis', 'etcd'])).toEqual(['etcd']);
  });
});

describe('parseLockServers', () => {
  it('starts none unless asked to', () => {
    expect(parseLockServers(undefined)).toEqual([]);
  });

  it('takes names, or all of them', () => {
    expect(parseLockServers('mysql, etcd')).toEqual(['etcd', 'mysql']);
    expect(parseLockServers('all')).toEqual(['redlock', 'etcd', 'zookeeper', 'consul', 'cassandra', 'mysql']);
  });

  it.each(['etdc', 'redis', ''])('refuses %j', (text) => {
    expect(() => parseLockServers(text)).toThrow(`--locks: unknown '${text}'. There are redlock, etcd,`);
  });
});
