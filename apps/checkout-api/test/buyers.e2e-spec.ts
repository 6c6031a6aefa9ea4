import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OrderView } from '../src/orders/order.schema.js';
import { ADMIN_KEY, Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { settle } from './support/settler.js';

const SECRET = 'a-secret-that-only-tests-know-of';
const AUDIENCE = 'the-shop';
const ISSUER = 'https://issuer.example';

type Key = Parameters<SignJWT['sign']>[0];
interface Token {
  readonly sub?: string;
  readonly key?: Key;
  readonly alg?: string;
  readonly audience?: string;
  readonly expires?: string | number;
  readonly typ?: string;
}

function tokenOf({
  sub = 'alice',
  key = keyOf(SECRET),
  alg = 'HS256',
  audience = AUDIENCE,
  expires = '1m',
  typ,
}: Token = {}) {
  const token = new SignJWT({})
    .setProtectedHeader({ alg, kid: 'k', typ })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setExpirationTime(expires);
  return (sub ? token.setSubject(sub) : token).sign(key);
}

const keyOf = (secret: string) => new TextEncoder().encode(secret);
const bearer = (token: string) => `Bearer ${token}`;

describe('buyers with tokens that share a secret', () => {
  let api: Api;
  let saleId: string;
  beforeAll(async () => {
    api = await Api.start({ BUYER_AUTH: 'secret', BUYER_JWT_SECRET: SECRET, BUYER_JWT_AUDIENCE: AUDIENCE });
    saleId = (await api.sale({ items: [{ sku: 'hot', stock: 100 }] })).id;
  });
  afterAll(() => api.stop());

  const buy = (token: string, body: object = { buyerId: undefined }) =>
    api.checkout(saleId, { body }).set('authorization', bearer(token));
  const orderOf = async (sub: string) =>
    ((await buy(await tokenOf({ sub })).expect(202)).body as OrderView).orderId;
  const read = (orderId: string, token: string) =>
    api.http.get(`/orders/${orderId}`).set('authorization', bearer(token));

  it('buy for themselves', async () => {
    const orderId = await orderOf('alice');
    expect(await api.admissions.find(orderId)).toMatchObject({ buyerId: 'alice' });
    await buy(await tokenOf(), { buyerId: 'alice' }).expect(202);
    await buy(await tokenOf(), { buyerId: 'bob' }).expect(problem('BUYER_MISMATCH'));
  });

  it.each<[string, () => string | Promise<string>]>([
    ['no JWT at all', () => 'hello'],
    ['signed by somebody else', () => tokenOf({ key: keyOf('another-secret-of-at-least-32-bytes') })],
    [
      'signed by nobody',
      () => new UnsecuredJWT({ sub: 'alice', aud: AUDIENCE }).setExpirationTime('1m').encode(),
    ],
    ['expired', () => tokenOf({ expires: Math.floor(Date.now() / 1_000) - 60 })],
    ['for another audience', () => tokenOf({ audience: 'another-shop' })],
    ['of nobody', () => tokenOf({ sub: '' })],
    ['of another algorithm', () => tokenOf({ alg: 'HS512' })],
    ['made for another purpose', () => tokenOf({ typ: 'logout+jwt' })],
  ])('are refused with a token that is %s', async (_, token) => {
    await buy(await token())
      .expect(problem('BUYER_TOKEN_REQUIRED'))
      .expect('www-authenticate', /Bearer/);
    const orderId = await orderOf('alice');
    await read(orderId, await token()).expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it('may show an access token, or one that only says that it is a token', async () => {
    for (const typ of ['JWT', 'at+jwt', 'application/at+jwt']) await buy(await tokenOf({ typ })).expect(202);
  });

  it.each<[string, unknown]>([
    ['a number', 42],
    ['null', null],
    ['a list', ['alice']],
    ['an object', { name: 'alice' }],
    ['true', true],
    ['with a NUL', 'ali\0ce'],
    ['with a space', 'alice smith'],
    ['with other letters', 'älice'],
    ['with half a character', 'alice\ud800'],
    ['of 5 kB', 'x'.repeat(5_000)],
  ])('are refused if the subject is %s, and told so', async (_, sub) => {
    const claims = { sub, iss: ISSUER, aud: AUDIENCE, exp: Math.floor(Date.now() / 1_000) + 60 };
    const token = await new SignJWT(claims as unknown as JWTPayload)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(keyOf(SECRET));
    const { body } = await buy(token).expect(problem('BUYER_TOKEN_REQUIRED'));
    expect((body as { detail: string }).detail).toContain('`sub`');
    await read(randomUUID(), token).expect(problem('BUYER_TOKEN_REQUIRED'));
    const room = api.http.post(`/sales/${saleId}/waiting-room`).send({});
    await room.set('authorization', bearer(token)).expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it('are refused without one', async () => {
    await api.checkout(saleId).expect(problem('BUYER_TOKEN_REQUIRED'));
    await api.http.get(`/orders/${await orderOf('alice')}`).expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it('see their own orders, queued or settled, and nobody else’s', async () => {
    const [alice, bob] = [await tokenOf({ sub: 'alice' }), await tokenOf({ sub: 'bob' })];
    const orderId = await orderOf('alice');
    await read(orderId, alice).expect(200);
    await read(orderId, bob).expect(problem('ORDER_NOT_FOUND'));
    settle();
    await expect.poll(async () => (await api.admissions.find(orderId)) === undefined).toBe(true);
    await read(orderId, alice).expect(200);
    const { body: refused } = await read(orderId, bob).expect(problem('ORDER_NOT_FOUND'));
    const unknown = '00000000-0000-5000-8000-000000000000';
    const { body: missing } = await read(unknown, bob).expect(problem('ORDER_NOT_FOUND'));
    // What it says of another's order is what it says of none.
    const text = JSON.stringify(refused).replaceAll(orderId, unknown);
    expect(text).toBe(JSON.stringify(missing));
  });

  it('pay, cancel and follow their own orders, and nobody else’s', async () => {
    const [alice, bob] = [await tokenOf({ sub: 'alice' }), await tokenOf({ sub: 'bob' })];
    settle();
    const { orderId } = (await buy(alice).set('prefer', 'wait=10').expect(201)).body as OrderView;
    const calls = [
      () => api.http.post(`/orders/${orderId}/payment`).send({ token: 'tok_visa' }),
      () => api.http.delete(`/orders/${orderId}`),
      () => api.http.get(`/orders/${orderId}/events`),
    ];
    for (const call of calls) {
      await call().expect(problem('BUYER_TOKEN_REQUIRED'));
      await call().set('authorization', bearer(bob)).expect(problem('ORDER_NOT_FOUND'));
      expect((await read(orderId, alice)).body).toMatchObject({ status: 'reserved' });
    }
    await calls[0]!().set('authorization', bearer(alice)).expect(200);
    const { text } = await calls[2]!().set('authorization', bearer(alice)).expect(200);
    expect(text).toContain('"status":"paid"');
  });

  it('give way to an admin, who buys and reads for anybody', async () => {
    const { body } = await buy(ADMIN_KEY, { buyerId: 'carol' }).expect(202);
    await read((body as OrderView).orderId, ADMIN_KEY).expect(200);
    await read((body as OrderView).orderId, await tokenOf({ sub: 'carol' })).expect(200);
    await buy(ADMIN_KEY).expect(problem('VALIDATION_FAILED'));
  });

  it('need no token to look at sales, and none of theirs opens one', async () => {
    await api.http.get('/sales').expect(200);
    const call = api.http.post('/sales').set('authorization', bearer(await tokenOf()));
    await call.send({}).expect(problem('ADMIN_KEY_REQUIRED'));
  });
});

describe('buyers with tokens of a key set', () => {
  let api: Api;
  let issuer: Server;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let fetches = 0;
  /** How the issuer answers. */
  let answers: 'keys' | 'an error' | 'never' = 'keys';
  const DAY_S = 86_400;
  const clock = Date.now.bind(Date);
  let ahead = 0;
  /** For the age of the keys; tokens are measured with the true time. */
  const later = (seconds: number) => {
    ahead += seconds * 1_000;
    vi.spyOn(Date, 'now').mockImplementation(() => clock() + ahead);
  };
  beforeAll(async () => {
    keys = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' };
    issuer = createServer((_, answer) => {
      fetches++;
      if (answers === 'never') return;
      answer.statusCode = answers === 'keys' ? 200 : 500;
      answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    await once(issuer.listen(0, '127.0.0.1'), 'listening');
    const { port } = issuer.address() as AddressInfo;
    api = await Api.start({
      BUYER_AUTH: 'jwks',
      BUYER_JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
      BUYER_JWT_ISSUER: ISSUER,
      BUYER_JWT_AUDIENCE: AUDIENCE,
      BUYER_JWKS_MAX_AGE_SECONDS: DAY_S,
    });
  });
  afterAll(async () => {
    await api.stop();
    vi.restoreAllMocks();
    issuer.closeAllConnections();
    issuer.close();
  });

  const buyers = async () => {
    const { id } = await api.sale();
    return (token: string) =>
      api.checkout(id, { body: { buyerId: undefined } }).set('authorization', bearer(token));
  };
  const goodToken = (more: Token = {}) => tokenOf({ key: keys.privateKey, alg: 'ES256', ...more });

  it('are told to come back while the keys cannot be had; then known by a key of the set, and by no other', async () => {
    const buy = await buyers();
    const good = await goodToken();
    answers = 'an error';
    await buy(good).expect(problem('BUYER_KEYS_UNAVAILABLE'));
    answers = 'keys';
    const { body } = await buy(good).expect(202);
    expect(await api.admissions.find((body as OrderView).orderId)).toMatchObject({ buyerId: 'alice' });
    const stranger = await generateKeyPair('ES256');
    await buy(await tokenOf({ key: stranger.privateKey, alg: 'ES256' })).expect(
      problem('BUYER_TOKEN_REQUIRED'),
    );
    // The oldest trick: the public key, taken for the secret of an HMAC.
    const publicKey = keyOf(JSON.stringify(await exportJWK(keys.publicKey)));
    await buy(await tokenOf({ key: publicKey })).expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it('of another tenant of the issuer are strangers', async () => {
    const buy = await buyers();
    await buy(await goodToken({ audience: 'another-shop' })).expect(problem('BUYER_TOKEN_REQUIRED'));
  });

  it.each(['an error', 'never'] as const)(
    'are known by the last keys for a day while the issuer answers with %s, and wait for nothing',
    async (answer) => {
      const buy = await buyers();
      const good = await goodToken();
      await buy(good).expect(202);
      answers = answer;
      const before = fetches;
      later(DAY_S / 2);
      await buy(good).timeout(4_000).expect(202); // jose itself would wait for five seconds
      await vi.waitFor(() => expect(fetches).toBe(before + 1));
      later(DAY_S);
      await buy(good).expect(problem('BUYER_KEYS_UNAVAILABLE'));
      answers = 'keys';
      await buy(good).expect(202);
    },
    30_000,
  );
});

describe('buyers without tokens', () => {
  it('are who the checkout says', async () => {
    const api = await Api.start();
    const { id } = await api.sale();
    await api.checkout(id, { body: { buyerId: undefined } }).expect(problem('VALIDATION_FAILED'));
    const { body } = await api.checkout(id, { body: { buyerId: 'dave' } }).expect(202);
    await api.http.get(`/orders/${(body as OrderView).orderId}`).expect(200);
    await api.stop();
  });
});
