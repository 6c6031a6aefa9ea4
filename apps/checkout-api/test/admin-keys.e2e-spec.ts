import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, Api, READ_KEY } from './support/api.js';
import { SECRET } from './support/buyer-token.js';
import type { Document } from './support/openapi/document.js';
import { problem } from './support/expect-problem.js';

let api: Api;
let document: Document;
beforeAll(async () => {
  api = await Api.start({
    BUYER_JWT_SECRET: SECRET,
    ADMIN_KEY: undefined,
    ADMIN_KEYS: [
      { name: 'old', scope: 'operate', key: ADMIN_KEY },
      { name: 'new', scope: 'operate', key: 'the-key-that-replaces-it' },
      { name: 'grafana', scope: 'read', key: READ_KEY },
    ],
  });
  document = (await api.http.get('/docs-json').expect(200)).body as Document;
});
afterAll(() => api.stop());

const UUID = randomUUID();
const routesOf = (...methods: readonly string[]) =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method, { security }]) => methods.includes(method) && security)
      .map(([method, { security }]) => ({
        method: method as 'get' | 'post' | 'put' | 'patch' | 'delete',
        url: path.replaceAll(/\{\w+\}/g, UUID),
        ofAdmins: security!.some((scheme) => 'admin' in scheme),
      })),
  );
const ask = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', url: string, key: string) =>
  api.http[method](url).set('authorization', `Bearer ${key}`);

describe('admin keys', () => {
  it('are all good at the same time, so that one can replace the other', async () => {
    for (const key of [ADMIN_KEY, 'the-key-that-replaces-it'])
      await ask('post', '/sales', key)
        .send({ name: 'test', items: [{ sku: 'hot', stock: 1 }] })
        .expect(201);
  });

  it('change nothing if their scope is to read, whatever the route', async () => {
    const routes = routesOf('post', 'put', 'patch', 'delete');
    expect(routes.length).toBeGreaterThan(5);
    for (const { method, url } of routes)
      await ask(method, url, READ_KEY).send({}).expect(problem('ADMIN_SCOPE_REQUIRED'));
  });

  it('look at everything all the same', async () => {
    for (const { url } of routesOf('get').filter(({ ofAdmins }) => ofAdmins)) {
      const { status } = await ask('get', url, READ_KEY);
      expect([url, status]).not.toEqual([url, 401]);
      expect([url, status]).not.toEqual([url, 403]);
    }
    await ask('get', '/queues', READ_KEY).expect(200);
  });

  it('are needed wherever the document says so', async () => {
    for (const { method, url } of routesOf('get', 'post', 'put', 'patch', 'delete').filter((r) => r.ofAdmins))
      for (const key of ['wrong', READ_KEY.slice(1)]) await ask(method, url, key).send({}).expect(401);
  });
});
