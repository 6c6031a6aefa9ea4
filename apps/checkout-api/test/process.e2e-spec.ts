import { migrate } from '@app/database';
import { EXIT } from '@app/process';
import { Spawned, TcpProxy } from '@app/testing';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import pg from 'pg';
import request from 'supertest';
import { afterEach, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { onFreePort } from '../../../local/processes/free-port.js';
import { mainOf } from '../../../local/setup/build.js';
import { LABORATORY } from '../../../local/stack/laboratory.js';
import type { SaleView } from '../src/sales/sale.schema.js';
import { ADMIN_KEY } from './support/api.js';
import { problem } from './support/expect-problem.js';

/** `npm test` builds it. */
const MAIN = mainOf('checkout-api');
const run = promisify(execFile);

const environment = () => ({
  PATH: process.env.PATH,
  REDIS_URL: inject('redisUrl'),
  DATABASE_URL: inject('databaseUrl'),
  ADMIN_KEY,
  LOG_LEVEL: 'error',
  ...LABORATORY,
});

let api: Spawned | undefined;
beforeAll(() => migrate(inject('databaseUrl')));
afterEach(() => api?.kill('SIGKILL'));

async function serve(more: object = {}): Promise<string> {
  api = await Spawned.serving(MAIN, { ...environment(), ...more });
  return api.url;
}

describe('node main.js', () => {
  it('names what is wrong with the environment, without a stack', async () => {
    const env = { ...environment(), ADMIN_KEY: 'short', REDIS_URL: undefined };
    const failed = await run(process.execPath, [MAIN], { env }).catch((error: object) => error);
    expect(failed).toMatchObject({ code: 1 });
    const { stderr } = failed as { stderr: string };
    expect(stderr).toContain('REDIS_URL is not set');
    expect(stderr).toContain('ADMIN_KEY is invalid');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp[]]>([
    [
      'nobody chose how buyers are known',
      { BUYER_AUTH: undefined },
      [/BUYER_AUTH is not set: choose secret, jwks, none/],
    ],
    ['a word is none of the choices', { BUYER_AUTH: 'maybe' }, [/BUYER_AUTH is invalid: choose secret/]],
    [
      'nobody chose who takes the money',
      { PAYMENT_PROVIDER: undefined },
      [/PAYMENT_PROVIDER is not set: choose simulated/],
    ],
    [
      'the secret is missing',
      { BUYER_AUTH: 'secret' },
      [/BUYER_JWT_SECRET is not set: is needed with BUYER_AUTH=secret/],
    ],
    [
      'a key set would let in whoever has a token of the issuer',
      { BUYER_AUTH: 'jwks', BUYER_JWKS_URL: 'https://issuer.example/keys', BUYER_JWT_AUDIENCE: '' },
      [/BUYER_JWT_ISSUER is not set/, /BUYER_JWT_AUDIENCE is not set: is needed with BUYER_AUTH=jwks/],
    ],
    [
      'a secret would be ignored',
      { BUYER_AUTH: 'none', BUYER_JWT_SECRET: 'a-secret-that-only-tests-know-of' },
      [/BUYER_JWT_SECRET is invalid: would be ignored with BUYER_AUTH=none/],
    ],
  ])('does not boot if %s', async (_, wrong, sentences) => {
    const env = { ...environment(), NODE_ENV: 'production', ...wrong };
    const failed = await run(process.execPath, [MAIN], { env }).catch((error: object) => error);
    expect(failed).toMatchObject({ code: 1 });
    const { stderr } = failed as { stderr: string };
    for (const sentence of sentences) expect(stderr).toMatch(sentence);
  });

  it('warns of buyers who are believed and of payments that take no money', async () => {
    await serve({ LOG_LEVEL: 'warn' });
    expect(api!.output).toMatch(/BUYER_AUTH=none: whoever reaches this API is believed/);
    expect(api!.output).toMatch(
      /PAYMENT_PROVIDER=simulated: payments are said to be made, and no money is taken/,
    );
  });

  it('warns once if a proxy that it does not trust names addresses', async () => {
    const url = await serve({ LOG_LEVEL: 'warn' });
    const warnings = () => api!.output.split('TRUSTED_PROXIES=0').length - 1;
    await request(url).get('/health/live').expect(200);
    expect(warnings()).toBe(0);
    for (let i = 0; i < 2; i++) await request(url).get('/sales').set('x-forwarded-for', '198.51.100.1');
    await vi.waitFor(() => expect(warnings()).toBe(1));
    api!.kill('SIGKILL');
    await serve({ LOG_LEVEL: 'warn', TRUSTED_PROXIES: '1' });
    await request(api!.url).get('/sales').set('x-forwarded-for', '198.51.100.1').expect(200);
    expect(warnings()).toBe(0);
  });

  it('knows its commands', async () => {
    const failed = await run(process.execPath, [MAIN, 'sing'], { env: environment() }).catch(
      (error: object) => error,
    );
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('sing') as string });
  });

  it('migrates and ends, as often as it is asked to, also from two processes at once', async () => {
    const migration = () => run(process.execPath, [MAIN, 'migrate'], { env: environment() });
    await Promise.all([migration(), migration()]);
    await migration();
  });

  it('waits for Postgres before it migrates, says so at once and again, and goes on once it is there', async () => {
    const name = `awaited_${randomUUID().replaceAll('-', '')}`;
    const admin = new pg.Pool({ connectionString: inject('databaseUrl') });
    onTestFinished(() => admin.end());
    await admin.query(`CREATE DATABASE ${name}`);
    onTestFinished(() => void admin.query(`DROP DATABASE ${name} WITH (FORCE)`));
    const relay = await TcpProxy.before(inject('databaseUrl'));
    onTestFinished(() => relay.close());
    relay.cut();
    const DATABASE_URL = Object.assign(new URL(relay.leadingTo(inject('databaseUrl'))), { pathname: name });
    const env = { ...environment(), LOG_LEVEL: 'warn', DATABASE_URL: DATABASE_URL.href };
    api = new Spawned([MAIN, 'migrate'], env, '');
    const lines = () => api!.output.split('waits for Postgres').length - 1;
    await vi.waitFor(() => expect(lines()).toBe(1), { timeout: 20_000 });
    await vi.waitFor(() => expect(lines()).toBe(2), { timeout: 20_000 });
    relay.heal();
    expect(await api.ended).toBe(EXIT.ended);
    const migrated = new pg.Client(Object.assign(new URL(inject('databaseUrl')), { pathname: name }).href);
    await migrated.connect();
    onTestFinished(() => migrated.end());
    expect((await migrated.query('SELECT FROM sales')).rowCount).toBe(0);
  }, 60_000);

  it('does not wait for a server that refuses it', async () => {
    const DATABASE_URL = new URL(inject('databaseUrl'));
    DATABASE_URL.pathname = '/there-is-no-such-database';
    const env = { ...environment(), DATABASE_URL: DATABASE_URL.href };
    const failed = onFreePort((port) =>
      run(process.execPath, [MAIN], { env: { ...env, PORT: String(port) }, timeout: 20_000 }),
    );
    await expect(failed).rejects.toMatchObject({ code: 1 });
  });

  it('finishes what it has begun when it is asked to end', async () => {
    const url = await serve();
    const sale = { name: 'x', strategy: 'conditional-update', items: [{ sku: 'hot', stock: 1 }] };
    const opened = await request(url)
      .post('/sales')
      .set('authorization', `Bearer ${ADMIN_KEY}`)
      .send(sale)
      .expect(201);
    const answer = request(url)
      .post(`/sales/${(opened.body as SaleView).id}/checkouts`)
      .set({ 'idempotency-key': randomUUID(), prefer: 'wait=30' })
      .send({ sku: 'hot', quantity: 1, buyerId: 'b' })
      .expect(202)
      .then(({ status }) => status);
    await vi.waitFor(async () => {
      const { text } = await request(url).get('/metrics');
      expect(text).toMatch(/^queue_jobs\{state="waiting"\} [1-9]/m);
    });
    api!.kill('SIGTERM');
    expect(await answer).toBe(202);
    expect(await api!.ended).toBe(0);
  });

  it('says that it is not ready before it stops to answer, for as long as it is told to', async () => {
    const url = await serve({ SHUTDOWN_GRACE_MS: '1500' });
    const connection = async () => (await fetch(`${url}/sales`)).headers.get('connection');
    expect(await connection()).toBe('keep-alive');
    api!.kill('SIGTERM');
    await vi.waitFor(() => request(url).get('/health/ready').expect(problem('NOT_READY')));
    const { body } = await request(url).get('/health/ready');
    expect(body).toMatchObject({ down: ['this process'] });
    await request(url).get('/health/live').expect(200);
    await request(url).get('/sales').expect(200);
    expect(await connection()).toBe('close'); // nobody is to send a request on one that is about to end
    expect(await api!.ended).toBe(0);
  });
});
