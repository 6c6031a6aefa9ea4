import { STRATEGY_NAMES, strategyOf } from '@app/inventory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockServersOf } from '../../../local/stack/lock-servers.js';
import type { Stack } from '../../../local/stack/stack.js';
import { CHECKOUTS, Stampede, STOCK } from './stampede.js';
import { startedStack } from './support/started-stack.js';

/** Short, so that what a killed worker held is free again soon. */
const QUICK_RECOVERY = { LOCK_TTL_MS: '2000', SETNX_TTL_MS: '2000', JOB_LOCK_MS: '2000' };

let stack: Stack;
let stampede: Stampede;
beforeAll(async () => {
  stack = await startedStack(QUICK_RECOVERY, { apis: 2, workers: 4 });
  stampede = new Stampede(stack);
});
afterAll(() => stack.stop());

describe('four workers, 2,000 checkouts, 500 units', () => {
  it('none oversells', async () => {
    const { shopper } = stampede;
    const saleId = await shopper.openSale('none', STOCK);
    await shopper.stampede(saleId, CHECKOUTS);
    const total = await shopper.drained(saleId);
    expect(total.oversold).toBeGreaterThan(0);
    expect(total.lostUpdates).toBeGreaterThan(0);
  }, 60_000);

  it('local-mutex oversells: each worker has a mutex of its own', async () => {
    const { shopper } = stampede;
    const saleId = await shopper.openSale('local-mutex', STOCK);
    await shopper.stampede(saleId, CHECKOUTS);
    expect((await shopper.drained(saleId)).oversold).toBeGreaterThan(0);
  }, 60_000);

  /** The others lock on servers that `npm run conformance` brings. */
  const safe = STRATEGY_NAMES.filter((name) => strategyOf(name).safe && lockServersOf([name]).length === 0);
  it.each(safe)('%s sells exactly 500', (strategy) => stampede.sellsExactly(strategy), 120_000);

  it.each(['redis', 'redis-counter'])(
    '%s sells exactly 500 from eight stripes',
    (strategy) => stampede.sellsExactly(strategy, 8),
    120_000,
  );
});

describe('SIGKILL under load', () => {
  it.each([
    'redis',
    'redis-setnx',
    'row-lock',
    'optimistic',
    'serializable',
    'skip-locked',
    'redis-counter',
    'conditional-update',
  ])(
    'of a worker loses no order and doubles none (%s)',
    (strategy) => stampede.survives(strategy, stack.workers.slice(0, 1), (worker) => worker.kill('SIGKILL')),
    120_000,
  );

  it.each(['redis', 'redis-counter', 'conditional-update'])(
    'of a worker loses no order and doubles none in a sale of eight stripes (%s)',
    (strategy) =>
      stampede.survives(strategy, stack.workers.slice(0, 1), (worker) => worker.kill('SIGKILL'), 8),
    120_000,
  );

  it('of all workers at once, too', () => {
    return stampede.survives('redis', stack.workers, (worker) => worker.kill('SIGKILL'));
  }, 120_000);

  it('of an API replica loses no accepted order', () => {
    return stampede.survives('redis', stack.apis.slice(0, 1), (api) => api.kill('SIGKILL'));
  }, 120_000);
});

it('SIGTERM of a worker under load finishes or hands back what it holds', () => {
  return stampede.survives('redis', stack.workers.slice(0, 1), (worker) => worker.stop());
}, 120_000);
