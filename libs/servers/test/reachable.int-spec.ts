import { TcpProxy } from '@app/testing';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { startPgbouncer } from '../../../local/services/pgbouncer.js';
import { askRedis, startRedisProgram } from '../../../local/services/redis.js';
import type { Service } from '../../../local/services/service.js';
import { hasPgbouncer } from '../../../local/setup/pgbouncer.js';
import { reachable, ServerUnusableError } from '../src/index.js';

let lines: string[];
let servers: Pick<Service, 'stop'>[];
const log = { warn: (_: object, message: string) => void lines.push(message) };
const withDatabase = (change: Partial<URL>) => ({
  url: Object.assign(new URL(inject('databaseUrl')), change).href,
});
const one = (url: string) => ({ kind: 'one', url }) as const;

beforeEach(() => {
  lines = [];
  servers = [];
});
afterEach(() => Promise.all(servers.map((server) => server.stop())));

async function redisWith(...directives: string[]): Promise<Service> {
  const server = await startRedisProgram({ directives });
  servers.push(server);
  return server;
}

it('is content with servers that can be worked with, without a word', async () => {
  await reachable({ Postgres: { url: inject('databaseUrl') }, Redis: one(inject('redisUrl')) }, log);
  expect(lines).toEqual([]);
});

describe('waits for what may pass, and says so', () => {
  it('a server that does not listen', async () => {
    const relay = await TcpProxy.before(inject('redisUrl'));
    relay.cut();
    const reached = reachable({ Redis: one(relay.leadingTo(inject('redisUrl'))) }, log);
    await vi.waitFor(() => expect(lines[0]).toMatch(/^waits for Redis: /));
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(1), { timeout: 10_000 });
    expect(lines.length).toBe(2); // not one for each try
    relay.heal();
    await reached;
    await relay.close();
  }, 20_000);

  it('one that is silent', async () => {
    const relay = await TcpProxy.before(inject('databaseUrl'));
    relay.blackhole();
    const reached = reachable({ Postgres: { url: relay.leadingTo(inject('databaseUrl')) } }, log);
    await vi.waitFor(() => expect(lines[0]).toMatch(/^waits for Postgres: /), { timeout: 5_000 });
    relay.heal();
    await reached;
    await relay.close();
  }, 20_000);

  it('a replica', async () => {
    const server = await redisWith();
    const { hostname, port } = new URL((await redisWith()).url);
    await askRedis(server.url, (redis) => redis.replicaof(hostname, port));
    const reached = reachable({ Redis: one(server.url) }, log);
    await vi.waitFor(() => expect(lines[0]).toBe('waits for Redis: is a replica'));
    await askRedis(server.url, (redis) => redis.replicaof('NO', 'ONE'));
    await reached;
  }, 20_000);
});

describe('refuses what cannot pass, and says what to do', () => {
  const refusal = async (urls: Parameters<typeof reachable>[0]) => {
    const refused = await reachable(urls, log).catch((error: Error) => error);
    expect(refused).toBeInstanceOf(ServerUnusableError);
    return (refused as Error).message;
  };

  it('wrong passwords and databases', async () => {
    const Redis = Object.assign(new URL(inject('redisUrl')), { password: 'wrong' }).href;
    expect(await refusal({ Redis: one(Redis) })).toContain('WRONGPASS');
    expect(await refusal({ Postgres: withDatabase({ password: 'wrong' }) })).toContain('password');
    expect(await refusal({ Postgres: withDatabase({ pathname: '/none' }) })).toContain('does not exist');
  });

  it('a Redis in cluster mode', async () => {
    const { url } = await redisWith('appendonly no', 'cluster-enabled yes');
    expect(await refusal({ Redis: one(url) })).toContain('cluster mode');
  });

  it('a Redis that deletes keys when memory gets short', async () => {
    const { url } = await redisWith('maxmemory 64mb', 'maxmemory-policy allkeys-lru');
    expect(await refusal({ Redis: one(url) })).toContain('noeviction');
  });

  describe.skipIf(!hasPgbouncer())('PgBouncer (apt-get install pgbouncer)', () => {
    it.each([
      [
        'transaction',
        'statement_timeout, idle_in_transaction_session_timeout, options',
        'transaction or statement mode',
      ],
      [
        'statement',
        'statement_timeout, idle_in_transaction_session_timeout, options',
        'transaction or statement mode',
      ],
      [
        'session',
        'statement_timeout, idle_in_transaction_session_timeout, options',
        'drops what a session begins with',
      ],
      ['transaction', 'extra_float_digits', 'drops what a session begins with'],
    ])('in %s mode, ignoring %s', async (mode, ignored, said) => {
      const pooler = await startPgbouncer(inject('databaseUrl'), { mode, ignored });
      servers.push(pooler);
      const told = await refusal({ Postgres: { url: pooler.url } });
      expect(told).toContain(said);
      expect(told).toContain('DATABASE_POOLER=transaction');
    });

    it('in statement mode, whatever was said of it', async () => {
      const pooler = await startPgbouncer(inject('databaseUrl'), { mode: 'statement' });
      servers.push(pooler);
      const told = await refusal({ Postgres: { url: pooler.url, pooler: 'transaction' } });
      expect(told).toContain('not allowed in statement pooling mode');
    });
  });
});
