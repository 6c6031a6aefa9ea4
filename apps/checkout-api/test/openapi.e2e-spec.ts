import { DeadLetters } from '@app/checkout-queue';
import { Feed, Webhooks } from '@app/events';
import { orderOf } from '@app/testing';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, Api } from './support/api.js';
import { SECRET, tokenOf } from './support/buyer-token.js';
import { problem } from './support/expect-problem.js';
import { checkAnswer } from './support/openapi/answers.js';
import { Contract, type Document, type Media, type Route, type Schema } from './support/openapi/document.js';
import { requestsTo, type FuzzOptions } from './support/openapi/requests.js';
import { Settler } from './support/settler.js';

/** The same requests each time; OPENAPI_SEED and OPENAPI_RUNS ask for others, and more. */
const seed = Number(process.env.OPENAPI_SEED ?? 42);
const numRuns = Number(process.env.OPENAPI_RUNS ?? 150);

const admin = `Bearer ${ADMIN_KEY}`;

let api: Api;
let settler: Settler;
let contract: Contract;
let options: FuzzOptions;
beforeAll(async () => {
  api = await Api.start({ MAX_QUANTITY_PER_ORDER: 10_000, BUYER_AUTH: 'secret', BUYER_JWT_SECRET: SECRET });
  settler = new Settler();
  contract = new Contract((await api.http.get('/docs-json').expect(200)).body as Document);
  const hour = 3_600_000;
  const [past, future] = [-hour, hour].map((away) => new Date(Date.now() + away).toISOString());
  const items = [{ sku: 'hot', stock: 1_000_000 }];
  const sales = await Promise.all([
    api.sale({ items }),
    api.sale({ items: [{ sku: 'hot', stock: 1 }] }),
    api.sale({ items, startsAt: future }),
    api.sale({ items, startsAt: new Date(Date.now() - 2 * hour).toISOString(), endsAt: past }),
    api.sale({ items, perBuyerLimit: 3 }),
    api.sale({ items, waitingRoom: { places: 1_000, placeTtlSeconds: 300 } }),
    api.sale({ items, waitingRoom: { places: 1, placeTtlSeconds: 300 } }),
  ]);
  const orders = [...Array<string>(12).fill(sales[0].id), sales[1].id].map(async (saleId) => {
    const { body } = await api
      .checkout(saleId, { prefer: 'wait=10', body: { buyerId: 'ann' } })
      .set('authorization', admin)
      .expect(201);
    return (body as { orderId: string }).orderId;
  });
  // In the last one somebody else is inside.
  const full = api.http.post(`/sales/${sales.at(-1)!.id}/waiting-room`).set('authorization', admin);
  await full.send({ buyerId: 'carol' }).expect(200);
  const letters = sales.map(({ id }) => orderOf(id));
  await Promise.all(letters.map((order) => api.app.get(DeadLetters).keepOrder(order, new Error('refused'))));
  const events = new Feed(api.database);
  await events.publish();
  const hooks = new Webhooks(api.database);
  const urls = ['https://hooks.example/events', 'http://localhost:9/'];
  const webhooks = await Promise.all(urls.map(async (url) => (await hooks.create('ann', { url }))!.id));
  options = {
    known: {
      webhookId: webhooks,
      url: urls,
      saleId: sales.map(({ id }) => id),
      orderId: [...(await Promise.all(orders)), ...letters.map(({ orderId }) => orderId)],
      sku: ['hot', 'HOT'],
      buyerId: ['ann', 'bob'],
      token: ['tok_visa', 'tok_declined'],
      strategy: ['redis', 'none', 'etcd', 'conditional-update'],
      'Idempotency-Key': ['1', '2', '3'],
      Prefer: ['wait=0', 'wait=1', 'wait=x', 'respond-async'],
    },
    credentials: { admin, buyer: `Bearer ${await tokenOf('ann')}` },
  };
});
afterAll(async () => {
  await settler.stop();
  await api.database.query('TRUNCATE webhooks CASCADE'); // no worker of another test is to deliver to them
  await api.stop();
});

const named = ({ method, path }: Route) => `${method.toUpperCase()} ${path}`;
const mediaOf = ({ operation }: Route): Media[] =>
  [operation.requestBody, ...Object.values(operation.responses)].flatMap((each) =>
    Object.values(each?.content ?? {}),
  );

function exampleOf(schema: Schema): unknown {
  const { example, items } = contract.resolve(schema);
  return example ?? (items && [exampleOf(items)]);
}

describe('the document', () => {
  it('is valid OpenAPI', async () => {
    const { valid, errors } = await new Validator().validate({ ...contract.document });
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('has for every body, of requests and answers, an example that is as its schema says', () => {
    for (const route of contract.routes) {
      for (const { schema, example, examples = {} } of mediaOf(route)) {
        const shown = [example, exampleOf(schema), ...Object.values(examples).map(({ value }) => value)];
        const there = shown.filter((value) => value !== undefined);
        expect([named(route), there.length]).not.toEqual([named(route), 0]);
        for (const value of there) expect(contract.errorsOf(schema, value)).toEqual([]);
      }
    }
  });

  it('has every parameter that a path names', () => {
    for (const { path, operation } of contract.routes) {
      const names = (operation.parameters ?? [])
        .filter(({ in: where }) => where === 'path')
        .map(({ name }) => name);
      expect(new Set(names)).toEqual(new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)));
    }
  });
});

it(`answers as the document says, whatever it is sent (seed ${seed})`, async () => {
  // What ends orders or closes sales comes last.
  const isLast = ({ method, path }: Route) =>
    Number(['delete', 'patch'].includes(method) || /\/(pause|end|refund)$/.test(path));
  for (const route of contract.routes.sort((a, b) => isLast(a) - isLast(b))) {
    const statuses = new Map<number, number>();
    const property = fc.asyncProperty(requestsTo(contract, route, options), async (request) => {
      const status = await checkAnswer(contract, route, api.url, request);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    await fc.assert(property, { seed, numRuns }).catch((error: unknown) => {
      throw new Error(named(route), { cause: error });
    });
    // Else it never came to what the route is for.
    expect([named(route), [...statuses.keys()].some((status) => status < 300)]).toEqual([named(route), true]);
  }
}, 240_000);

it('refuses the methods that it does not document', async () => {
  for (const [path, operations] of Object.entries(contract.document.paths)) {
    const url = path.replaceAll(/\{\w+\}/g, '5d7d1d8c-93b6-5f0a-8c53-2a2a76a2b0a4');
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      if (!(method in operations)) await api.http[method](url).expect(problem('METHOD_NOT_ALLOWED'));
    }
  }
});
