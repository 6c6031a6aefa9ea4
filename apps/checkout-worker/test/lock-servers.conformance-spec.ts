import { STRATEGY_NAMES, strategyOf } from '@app/inventory';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { lockServersOf } from '../../../local/stack/lock-servers.js';
import { startStack, type Stack } from '../../../local/stack/stack.js';
import { Stampede } from './stampede.js';

const chosen = process.env.CONFORMANCE_DRIVERS?.split(',');
/** Those that lock on servers of their own. */
const strategies = STRATEGY_NAMES.filter(
  (name) => lockServersOf([name]).length > 0 && (chosen?.includes(strategyOf(name).lock!) ?? true),
);
const MINUTE = 60_000;

let stack: Stack;
let stampede: Stampede;
beforeAll(async () => {
  const env = { LOCK_TTL_MS: '3000', JOB_LOCK_MS: '3000' };
  stack = await startStack({ apiReplicas: 1, workers: 4, locks: lockServersOf(strategies), env });
  stampede = new Stampede(stack);
}, 10 * MINUTE);
afterAll(() => stack.stop());

describe('four workers, 2,000 checkouts, 500 units', () => {
  it.each(strategies)('%s sells exactly 500', (strategy) => stampede.sellsExactly(strategy), 2 * MINUTE);
});

describe('SIGKILL of a worker under load', () => {
  // Behind mysql-key nobody sells any more, if the worker had the lock: that is what it teaches.
  it.each(strategies.filter((name) => name !== 'mysql-key'))(
    'loses no order and doubles none (%s)',
    (strategy) => stampede.survives(strategy, stack.workers.slice(0, 1), (worker) => worker.kill('SIGKILL')),
    2 * MINUTE,
  );
});
