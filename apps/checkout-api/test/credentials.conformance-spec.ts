import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGuardedConsul, startGuardedEtcd, type Guarded } from '../../../local/services/guarded.js';
import { Api } from './support/api.js';
import { problem } from './support/expect-problem.js';

const SERVERS = {
  etcd: {
    start: startGuardedEtcd,
    config: (url: string) => ({ ETCD_URLS: [url] }),
    advice: 'user:password@host:2379',
  },
  consul: {
    start: startGuardedConsul,
    config: (url: string) => ({ CONSUL_URL: url }),
    advice: ':token@host:8500',
  },
} as const;

const chosen = process.env.CONFORMANCE_DRIVERS?.split(',');
const names = (Object.keys(SERVERS) as (keyof typeof SERVERS)[]).filter(
  (name) => chosen?.includes(name) ?? true,
);

describe.each(names)('POST /sales where %s wants to know who asks', (strategy) => {
  const { start, config, advice } = SERVERS[strategy];
  const sale = { name: 'Drop', strategy, items: [{ sku: 'hot', stock: 5 }] };
  let guarded: Guarded;
  beforeAll(async () => {
    guarded = await start();
  }, 60_000);
  afterAll(() => guarded.server.stop());

  it('says what to do to an API without credentials', async () => {
    const api = await Api.start(config(guarded.url));
    const { body } = await api.openSale(sale).expect(problem('STRATEGY_UNAVAILABLE'));
    expect((body as { detail: string }).detail).toContain(advice);
    await api.stop();
  });

  it('opens a sale for one that has them', async () => {
    const api = await Api.start(config(guarded.locker));
    await api.openSale(sale).expect(201);
    await api.stop();
  });
});
