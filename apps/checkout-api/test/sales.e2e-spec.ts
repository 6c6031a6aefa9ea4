import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditView } from '../src/sales/audit.schema.js';
import type { SaleView } from '../src/sales/sale.schema.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';
import { Settler } from './support/settler.js';

/** Strategies that lock on servers of their own, and the variables that name those. */
const LOCK_SERVERS = [
  ['redlock', 'REDLOCK_URLS'],
  ['etcd', 'ETCD_URLS'],
  ['zookeeper', 'ZOOKEEPER_HOSTS'],
  ['consul', 'CONSUL_URL'],
  ['cassandra', 'CASSANDRA_CONTACT_POINTS'],
  ['mysql-key', 'MYSQL_URL'],
  ['mysql-key-lease', 'MYSQL_URL'],
  ['mysql-get-lock', 'MYSQL_URL'],
] as const;

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

describe('POST /sales', () => {
  it('opens a sale', async () => {
    const asked = {
      name: 'Sneaker drop',
      strategy: 'optimistic',
      stripes: 4,
      perBuyerLimit: 2,
      reservationTtlSeconds: 600,
      startsAt: '2030-01-01T12:00:00Z',
      endsAt: '2030-01-01T15:00:00+02:00',
    };
    const items = [
      { sku: 'B', stock: 7 },
      { sku: 'A', stock: 0 },
    ];
    const { body } = await api.openSale({ ...asked, items }).expect(201);
    expect(body).toMatchObject({
      ...asked,
      startsAt: '2030-01-01T12:00:00.000Z',
      endsAt: '2030-01-01T13:00:00.000Z',
      items: [
        { sku: 'A', initial: 0, available: 0, held: 0, sold: 0 },
        { sku: 'B', initial: 7, available: 7, held: 0, sold: 0 },
      ],
    });
    const { id } = body as SaleView;
    expect((await api.http.get(`/sales/${id}`).expect(200)).body).toEqual(body);
    expect((await api.http.get(`/sales/${id.toUpperCase()}`).expect(200)).body).toEqual(body);
  });

  it('opens one whose units have a row each, and counts those that are free', async () => {
    const items = [{ sku: 'A', stock: 7 }];
    const { body } = await api.openSale({ name: 'units', strategy: 'skip-locked', items }).expect(201);
    expect(body).toMatchObject({
      strategy: 'skip-locked',
      items: [{ initial: 7, available: 7, held: 0, sold: 0 }],
    });
    const audit = (await api.audit((body as SaleView).id).expect(200)).body as AuditView;
    expect(audit.total).toMatchObject({ initial: 7, available: 7, lostUpdates: 0, conserved: true });
  });

  it('opens one sale under one key, however often and at once it is asked to', async () => {
    const name = randomUUID();
    const sale = { name, strategy: 'optimistic', items: [{ sku: 'A', stock: 7 }] };
    const ask = (body: object, key: string) => api.openSale(body).set('idempotency-key', key);
    const key = randomUUID();
    const answers = await Promise.all([ask(sale, key), ask(sale, key), ask(sale, key)]);
    const { id } = answers[0].body as SaleView;
    for (const { status, body } of answers) expect([status, (body as SaleView).id]).toEqual([201, id]);
    expect((answers[0].body as SaleView).items).toMatchObject([{ initial: 7, available: 7 }]);
    // The same in another order is the same.
    const { body } = await ask(Object.fromEntries(Object.entries(sale).toReversed()), key).expect(201);
    expect(body).toMatchObject({ id });
    const { rowCount } = await api.database.query('SELECT FROM sales WHERE name = $1', [name]);
    expect(rowCount).toBe(1);

    const more = { ...sale, items: [{ sku: 'A', stock: 8 }] };
    await ask(more, key).expect(problem('IDEMPOTENCY_KEY_REUSED'));
    await ask({ ...sale, perBuyerLimit: 1 }, key).expect(problem('IDEMPOTENCY_KEY_REUSED'));
    expect((await ask(more, randomUUID()).expect(201)).body).not.toMatchObject({ id });
    await ask(sale, 'two words').expect(problem('IDEMPOTENCY_KEY_INVALID'));
  });

  it('takes the redis strategy unless told otherwise, and as many as a thousand items', async () => {
    const items = Array.from({ length: 1_000 }, (_, i) => ({
      sku: `${i}`.padStart(64, 'x'),
      stock: 1_000_000_000,
    }));
    const { body } = await api.openSale({ name: 'big', items }).expect(201);
    expect(body).toMatchObject({ strategy: 'redis', stripes: 1, perBuyerLimit: null, endsAt: null });
    expect((body as SaleView).items).toHaveLength(1_000);
  });

  it('sums the stripes of a SKU in every view, however many there are', async () => {
    const items = Array.from({ length: 1_000 }, (_, i) => ({ sku: `${i}`.padStart(4, '0'), stock: 65 }));
    const { id } = await api.sale({ items, stripes: 64 });
    const { body } = await api.http.get(`/sales/${id}`).expect(200);
    expect((body as SaleView).items).toHaveLength(1_000);
    expect((body as SaleView).items[999]).toMatchObject({ sku: '0999', initial: 65, available: 65 });
    const audit = (await api.audit(id).expect(200)).body as AuditView;
    expect(audit.total).toMatchObject({ initial: 65_000, available: 65_000, pending: 0, conserved: true });
  });

  const valid = { name: 'x', items: [{ sku: 'A', stock: 1 }] };
  it.each<[string, object, string]>([
    ['no name', { name: undefined }, 'name'],
    ['a name with a line break', { name: 'a\nb' }, 'name'],
    ['no items', { items: [] }, 'items'],
    [
      'too many items',
      { items: Array.from({ length: 1_001 }, (_, i) => ({ sku: `${i}`, stock: 1 })) },
      'items',
    ],
    ['a SKU twice', { items: [...valid.items, ...valid.items] }, 'items[1].sku'],
    ['an empty SKU', { items: [{ sku: '', stock: 1 }] }, 'items[0].sku'],
    ['a SKU with a colon', { items: [{ sku: 'a:b', stock: 1 }] }, 'items[0].sku'],
    ['a long SKU', { items: [{ sku: 'a'.repeat(65), stock: 1 }] }, 'items[0].sku'],
    ['negative stock', { items: [{ sku: 'A', stock: -1 }] }, 'items[0].stock'],
    ['a fraction of stock', { items: [{ sku: 'A', stock: 1.5 }] }, 'items[0].stock'],
    ['more stock than Postgres can count', { items: [{ sku: 'A', stock: 1e9 + 1 }] }, 'items[0].stock'],
    ['stock in words', { items: [{ sku: 'A', stock: '1' }] }, 'items[0].stock'],
    [
      'an end before its start',
      { startsAt: '2030-01-02T00:00:00Z', endsAt: '2030-01-01T00:00:00Z' },
      'endsAt',
    ],
    ['a start that is no time', { startsAt: 'tomorrow' }, 'startsAt'],
    ['no stripe', { stripes: 0 }, 'stripes'],
    ['too many stripes', { stripes: 65 }, 'stripes'],
    ['half a stripe', { stripes: 1.5 }, 'stripes'],
    ['stripes in words', { stripes: '8' }, 'stripes'],
    ['stripes where each unit has a row', { strategy: 'skip-locked', stripes: 2 }, 'stripes'],
    [
      'more units than may have a row each',
      { strategy: 'skip-locked', items: ['A', 'B'].map((sku) => ({ sku, stock: 100_001 })) },
      'items',
    ],
    ['a limit of nothing', { perBuyerLimit: 0 }, 'perBuyerLimit'],
    ['an unknown property', { discount: 5 }, ''],
  ])('refuses %s', async (_, change, path) => {
    const { body } = await api.openSale({ ...valid, ...change }).expect(problem('VALIDATION_FAILED'));
    expect((body as { errors: object[] }).errors).toContainEqual(expect.objectContaining({ path }));
  });

  it.each([[undefined], ['Bearer'], ['Bearer wrong'], ['Basic YTpi']])(
    'needs the admin key: %s',
    async (authorization) => {
      const call = api.http.post('/sales').send(valid);
      if (authorization) void call.set('authorization', authorization);
      const { headers } = await call.expect(problem('ADMIN_KEY_REQUIRED'));
      expect(headers['www-authenticate']).toMatch(/^Bearer/);
    },
  );

  it('names the strategies it knows', async () => {
    const { body } = await api.openSale({ ...valid, strategy: 'hope' }).expect(problem('STRATEGY_UNKNOWN'));
    expect((body as { detail: string }).detail).toContain('conditional-update');
  });

  it('refuses strategies that oversell', async () => {
    for (const strategy of ['none', 'local-mutex']) {
      await api.openSale({ ...valid, strategy }).expect(problem('STRATEGY_UNSAFE'));
    }
  });

  it('refuses a strategy whose lock server is not configured, and says how to configure it', async () => {
    for (const [strategy, variable] of LOCK_SERVERS) {
      const { body } = await api.openSale({ ...valid, strategy }).expect(problem('STRATEGY_UNAVAILABLE'));
      expect((body as { detail: string }).detail).toContain(`Set ${variable}`);
    }
  });

  it('refuses a strategy whose lock server does not answer', async () => {
    const nobody = 'redis://127.0.0.1:1';
    const cutOff = await Api.start({
      REDLOCK_URLS: [nobody, nobody, nobody],
      ETCD_URLS: ['http://127.0.0.1:1'],
      ZOOKEEPER_HOSTS: '127.0.0.1:1',
      CONSUL_URL: 'http://127.0.0.1:1',
      CASSANDRA_CONTACT_POINTS: '127.0.0.1:1',
      MYSQL_URL: 'mysql://user:password@127.0.0.1:1/locks',
    });
    await Promise.all(
      LOCK_SERVERS.map(async ([strategy]) => {
        const { headers } = await cutOff
          .openSale({ ...valid, strategy })
          .expect(problem('LOCK_STORE_UNAVAILABLE'));
        expect(headers['retry-after']).toBe('1');
      }),
    );
    await cutOff.stop();
  });
});

describe('GET /sales', () => {
  it('lists the newest first, as many as asked for', async () => {
    const older = await api.sale();
    const newer = await api.sale();
    const { body } = await api.http.get('/sales?limit=2').expect(200);
    expect((body as SaleView[]).map(({ id }) => id)).toEqual([newer.id, older.id]);
    expect((await api.http.get('/sales').expect(200)).body).toContainEqual(older);
  });

  it.each(['0', '1001', 'many', '1.5'])('refuses a limit of %s', async (limit) => {
    await api.http.get(`/sales?limit=${limit}`).expect(problem('VALIDATION_FAILED'));
  });

  it('does not know every sale', async () => {
    await api.http.get(`/sales/${randomUUID()}`).expect(problem('SALE_NOT_FOUND'));
    await api.audit(randomUUID()).expect(problem('SALE_NOT_FOUND'));
    await api.http.get('/sales/42').expect(problem('VALIDATION_FAILED'));
    await api.audit('42').expect(problem('VALIDATION_FAILED'));
  });
});

describe('GET /sales/:saleId/audit', () => {
  it('needs the admin key', async () => {
    const { id } = await api.sale();
    await api.http.get(`/sales/${id}/audit`).expect(problem('ADMIN_KEY_REQUIRED'));
  });

  it('tells what is pending, and then what became of it', async () => {
    const items = [
      { sku: 'hot', stock: 5 },
      { sku: 'cold', stock: 3 },
    ];
    const { id } = await api.sale({ items });
    const audit = async () => (await api.audit(id).expect(200)).body as AuditView;
    for (let i = 0; i < 4; i++) await api.checkout(id, { body: { quantity: 2 } }).expect(202);

    const fresh = {
      held: 0,
      sold: 0,
      rejected: 0,
      oversold: 0,
      undersold: 0,
      lostUpdates: 0,
      refusedWithStock: 0,
      conserved: true,
    };
    expect(await audit()).toEqual({
      saleId: id,
      items: [
        { sku: 'cold', initial: 3, available: 3, pending: 0, ...fresh },
        { sku: 'hot', initial: 5, available: 5, pending: 4, ...fresh },
      ],
      total: { initial: 8, available: 8, pending: 4, ...fresh },
    });

    const settler = new Settler();
    try {
      while ((await audit()).total.pending > 0) await delay(20);
    } finally {
      await settler.stop();
    }
    const settled = { ...fresh, held: 4, rejected: 4 };
    expect(await audit()).toEqual({
      saleId: id,
      items: [
        { sku: 'cold', initial: 3, available: 3, pending: 0, ...fresh },
        { sku: 'hot', initial: 5, available: 1, pending: 0, ...settled },
      ],
      total: { initial: 8, available: 4, pending: 0, ...settled },
    });
    expect((await api.http.get(`/sales/${id}`)).body).toMatchObject({
      items: [
        { sku: 'cold', available: 3, held: 0, sold: 0 },
        { sku: 'hot', available: 1, held: 4, sold: 0 },
      ],
    });
  });
});

describe('with ALLOW_UNSAFE_STRATEGIES', () => {
  it('opens sales that oversell', async () => {
    const lax = await Api.start({ ALLOW_UNSAFE_STRATEGIES: true });
    try {
      for (const strategy of ['none', 'local-mutex']) {
        expect(await lax.sale({ strategy })).toMatchObject({ strategy });
      }
    } finally {
      await lax.stop();
    }
  });
});
