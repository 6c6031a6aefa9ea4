import { Webhooks } from '@app/events';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api, ADMIN_KEY, READ_KEY } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { Contract, type Document, type Parameter, type Route } from './support/openapi/document.js';
import { Settler } from './support/settler.js';

/** What everybody may do. A route that asks for nothing has to be added here. */
const PUBLIC = new Set([
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /sales',
  'GET /sales/{saleId}',
]);

let api: Api;
let settler: Settler;
let contract: Contract;
/** Of Ann, who was sold a unit. */
let known: Readonly<Record<string, string>>;
beforeAll(async () => {
  api = await Api.start({
    BUYER_AUTH: 'secret',
    BUYER_JWT_SECRET: SECRET,
    ADMIN_KEYS: [{ name: 'grafana', scope: 'read', key: READ_KEY }],
  });
  settler = new Settler();
  contract = new Contract((await api.http.get('/docs-json').expect(200)).body as Document);
  const { id: saleId } = await api.sale({ waitingRoom: { places: 10, placeTtlSeconds: 300 } });
  const ann = `Bearer ${await tokenOf('ann')}`;
  await api.http.post(`/sales/${saleId}/waiting-room`).set('authorization', ann).send({}).expect(200);
  const bought = api.checkout(saleId, { prefer: 'wait=10', body: { buyerId: 'ann' } });
  const { orderId } = (await bought.set('authorization', ann).expect(201)).body as { orderId: string };
  const { id: webhookId } = (await new Webhooks(api.database).create('ann', { url: 'http://localhost:9/' }))!;
  known = { saleId, orderId, webhookId, buyerId: 'ann', 'Idempotency-Key': randomUUID() };
});
afterAll(async () => {
  await settler.stop();
  await api.database.query('DELETE FROM webhooks WHERE id = $1', [known.webhookId]);
  await api.stop();
});

const nameOf = ({ method, path }: Route) => `${method.toUpperCase()} ${path}`;
const asksFor = ({ operation }: Route) => (operation.security ?? []).flatMap((each) => Object.keys(each));

/** Asks for what is Ann's: her order, her sale, in her name. */
async function ask(route: Route, key: string) {
  const { method, path, operation } = route;
  const { parameters = [], requestBody } = operation;
  const there = (where: Parameter['in']) =>
    parameters.filter((each) => each.in === where && known[each.name] !== undefined);
  const query = there('query').map(({ name }) => `${name}=${known[name]}`);
  const headers = there('header').map(({ name }) => [name, known[name]!] as const);
  const media = requestBody?.content['application/json'];
  const schema = media && contract.resolve(media.schema);
  const { buyerId, sku } = schema?.properties ?? {};
  const named = { ...(buyerId && { buyerId: 'ann' }), ...(sku && { sku: 'hot' }) };
  const response = await fetch(
    `${api.url}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name]!)}?${query.join('&')}`,
    {
      method: method.toUpperCase(),
      headers: Object.fromEntries(
        [...headers, ['authorization', `Bearer ${key}`]].concat(
          media ? [['content-type', 'application/json']] : [],
        ),
      ),
      body: media && JSON.stringify({ ...(schema!.example as object), ...named }),
    },
  );
  const text = await response.text();
  return { status: response.status, text, code: /"code":"(\w+)"/.exec(text)?.[1] };
}

it('opens to everybody only what is public', () => {
  const open = contract.routes.filter((route) => asksFor(route).length === 0);
  expect(new Set(open.map(nameOf))).toEqual(PUBLIC);
});

it('hides what is one buyer’s from another, on every route for buyers', async () => {
  const bob = await tokenOf('bob');
  const forBuyers = contract.routes.filter((route) => asksFor(route).includes('buyer'));
  expect(forBuyers.length).toBeGreaterThan(7);
  for (const route of forBuyers) {
    const { status, code, text } = await ask(route, bob);
    expect([nameOf(route), status, ['ORDER_NOT_FOUND', 'BUYER_MISMATCH'].includes(code!)]).toEqual([
      nameOf(route),
      code === 'BUYER_MISMATCH' ? 403 : 404,
      true,
    ]);
    expect(text).not.toMatch(/"ann"|reserved/);
  }
  const order = await api.http.get(`/orders/${known.orderId}`).set('authorization', `Bearer ${ADMIN_KEY}`);
  expect(order.body).toMatchObject({ status: 'reserved' });
});

it('lets no buyer do what is for admins, and no admin who may only read do anything', async () => {
  const bob = await tokenOf('bob');
  const forAdmins = contract.routes.filter((route) => {
    const wanted = asksFor(route);
    return wanted.includes('admin') && !wanted.includes('buyer');
  });
  expect(forAdmins.length).toBeGreaterThan(15);
  for (const route of forAdmins) {
    expect([nameOf(route), (await ask(route, bob)).code]).toEqual([nameOf(route), 'ADMIN_KEY_REQUIRED']);
    if (route.method === 'get') continue;
    const looking = await ask(route, READ_KEY);
    expect([nameOf(route), looking.status, looking.code]).toEqual([
      nameOf(route),
      403,
      'ADMIN_SCOPE_REQUIRED',
    ]);
  }
});
