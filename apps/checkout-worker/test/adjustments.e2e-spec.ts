import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';
import { startedStack } from './support/started-stack.js';

/** Short, so that what a killed worker held is free again soon. */
const QUICK_RECOVERY = { LOCK_TTL_MS: '2000', SETNX_TTL_MS: '2000', JOB_LOCK_MS: '2000' };
const STOCK = 200;
const SOUND = { available: 0, pending: 0, oversold: 0, undersold: 0, lostUpdates: 0, conserved: true };

let stack: Stack;
let shopper: Shopper;
beforeAll(async () => {
  stack = await startedStack(QUICK_RECOVERY, { apis: 2, workers: 3 });
  shopper = new Shopper(stack);
});
afterAll(() => stack.stop());

/** Asks until it is decided, like an admin whose request got lost. Resolves to the units that the sale has more. */
async function adjust(saleId: string, units: number): Promise<number> {
  const key = randomUUID();
  for (const latest = Date.now() + 30_000; Date.now() < latest; await sleep(50)) {
    const response = await fetch(`${stack.apiUrls[0]}/sales/${saleId}/adjustments`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${stack.adminKey}`,
        'idempotency-key': key,
      },
      body: JSON.stringify({ sku: 'hot', units }),
    });
    if (response.status === 200) return units;
    if (response.status === 409) return 0;
    expect([202, 503]).toContain(response.status);
  }
  throw new Error(`not adjusted by ${units} within half a minute`);
}

const cases = [
  'redis',
  'redis-setnx',
  'postgres-advisory',
  'row-lock',
  'optimistic',
  'serializable',
  'redis-counter',
  'skip-locked',
  'conditional-update',
]
  .map((strategy) => ({ strategy, stripes: 1 }))
  .concat([
    { strategy: 'redis', stripes: 8 },
    { strategy: 'conditional-update', stripes: 8 },
  ]);

it.each(cases)(
  'units come and go while three workers sell and one is killed, and the audit is exact: $strategy, stripes: $stripes',
  async ({ strategy, stripes }) => {
    const saleId = await shopper.openSale(strategy, STOCK, stripes);
    const buying = shopper.stampede(saleId, 1_500);
    const [victim] = stack.workers;
    const killing = sleep(200).then(() => victim!.kill('SIGKILL'));
    const adjusted = await Promise.all([50, -20, 100, -30, 7, -400].map((units) => adjust(saleId, units)));
    await killing;
    await Promise.all([buying, victim!.start()]);
    const initial = adjusted.reduce((sum, units) => sum + units, STOCK);
    // Some may have been turned away before the last units came.
    await shopper.stampede(saleId, initial);
    expect(await shopper.drained(saleId)).toMatchObject({ ...SOUND, initial, held: initial });
  },
  120_000,
);
