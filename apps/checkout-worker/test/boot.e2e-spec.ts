import { Spawned, TcpProxy } from '@app/testing';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { onFreePort } from '../../../tools/processes/free-port.js';
import { mainOf } from '../../../tools/setup/build.js';

const behind = (url: string, { port }: TcpProxy) =>
  Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
const relayTo = (url: string) => TcpProxy.to(new URL(url).hostname, Number(new URL(url).port));

let relays: TcpProxy[];
let started: Spawned | undefined;
beforeEach(async () => {
  relays = await Promise.all([relayTo(inject('databaseUrl')), relayTo(inject('redisUrl'))]);
});
afterEach(async () => {
  started?.kill('SIGKILL');
  await Promise.all(relays.map((relay) => relay.close()));
});

/** Does not wait until it is ready. */
async function start(app: string, more: NodeJS.ProcessEnv = {}): Promise<Spawned> {
  const [postgres, redis] = relays as [TcpProxy, TcpProxy];
  const env = {
    DATABASE_URL: behind(inject('databaseUrl'), postgres),
    REDIS_URL: behind(inject('redisUrl'), redis),
    ADMIN_KEY: 'a-key-for-tests-only',
    ...more,
  };
  started = await onFreePort(
    async (port) => new Spawned([mainOf(app)], { ...env, PORT: String(port) }, `http://127.0.0.1:${port}`),
  );
  return started;
}

describe.each(['checkout-api', 'checkout-worker'])('%s', (app) => {
  it('waits for its servers, says so at once and again, and serves once they are there', async () => {
    for (const relay of relays) relay.cut();
    const booting = await start(app);
    const waitsFor = (server: string) => booting.output.split(`waits for ${server}`).length - 1;
    await vi.waitFor(() => expect(waitsFor('Postgres') * waitsFor('Redis')).toBe(1), { timeout: 10_000 });
    await vi.waitFor(() => expect(waitsFor('Postgres')).toBe(2), { timeout: 10_000 });
    for (const relay of relays) relay.heal();
    await vi.waitFor(async () => expect((await fetch(`${booting.url}/health/ready`)).status).toBe(200), {
      timeout: 15_000,
    });
  }, 40_000);

  it.each(['DATABASE_URL', 'REDIS_URL'] as const)(
    'ends with a sentence when %s has a wrong password',
    async (name) => {
      const url = inject(name === 'DATABASE_URL' ? 'databaseUrl' : 'redisUrl');
      const booting = await start(app, { [name]: Object.assign(new URL(url), { password: 'wrong' }).href });
      expect(await booting.ended).toBe(1);
      expect(booting.output).toMatch(/cannot be used: .*password/);
      expect(booting.output).not.toMatch(/^\s+at /m);
    },
    20_000,
  );
});
