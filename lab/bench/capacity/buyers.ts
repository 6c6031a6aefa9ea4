import { Redis } from 'ioredis';
import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { lastSettledAt } from '../../truth/orders.js';
import { microsEach, timed } from '../processor-time.js';
import { send } from '../requests/send.js';
import { untilSettled } from '../requests/until-settled.js';
import { checkOut } from '../scale/check-out.js';
import type { DrainBench } from '../scale/drain.js';
import { openSale } from '../scale/open-sale.js';

const SKU = 'hot';
/**
 * To each API. A checkout waits for up to 10 ms until those that came with it ask Redis together; with fewer buyers, that wait and not a
 * processor would be the wall.
 */
const CONNECTIONS = 100;

/** Orders that are rejected before a SKU without units is known to be sold out. */
const BEFORE = 1;

/** What buyers are told, in turn: so many that their orders are accepted, so many that the SKU is sold out. */
export interface Mix {
  readonly orders: number;
  readonly refusals: number;
}

/** Lets buyers come in closed loops to so many APIs, until the last order that was accepted is settled by the workers that there are. */
export async function sell(
  { stack, database }: DrainBench,
  apiCount: number,
  { orders, refusals }: Mix,
  amount: number,
) {
  const apis = stack.apis.slice(0, apiCount);
  const measured = { apis, workers: stack.workers, redisUrl: stack.redisUrl };
  const open = await openSale(stack, 'redis', { [SKU]: amount });
  const soldOut = await openSale(stack, 'redis', { [SKU]: 0 });
  const checkouts = [
    ...Array.from({ length: orders }, () => ({ path: `/sales/${open}/checkouts`, sku: SKU })),
    ...Array.from({ length: refusals }, () => ({ path: `/sales/${soldOut}/checkouts`, sku: SKU })),
  ];
  await refused(apis[0]!.url, soldOut);
  const redis = new Redis(stack.redisUrl);
  try {
    const { result, took } = await timed(measured, database, async () => {
      const began = Date.now();
      const before = process.cpuUsage();
      const sent = await Promise.all(
        apis.map(({ url }) => send(url, checkouts, amount / apiCount, CONNECTIONS)),
      );
      const { user, system } = process.cpuUsage(before);
      await untilSettled(redis);
      return { began, sent, senderMicros: (user + system) / amount };
    });
    const { began, sent, senderMicros } = result;
    const answers = sent.map((each) => each.answers);
    const accepted = answers.reduce((sum, of) => sum + (of.get(202) ?? 0), 0);
    const sold = (amount * orders) / (orders + refusals);
    const settledAt = sold > 0 ? await lastSettledAt(database, open) : began;
    const seconds = (Math.max(settledAt, ...sent.map(({ answeredAt }) => answeredAt)) - began) / 1_000;
    const run = `${amount} checkouts, ${refusals} of ${orders + refusals} for what is sold out`;
    const truth = await readTruth(stack, database, open);
    const late = await readTruth(stack, database, soldOut);
    return {
      costs: microsEach(took, amount),
      senderMicros,
      ordersPerSecond: sold / seconds,
      broken: [
        ...brokenPromises(run, true, sold, { ...truth, undersold: 0 }),
        // The mark of a SKU ends now and then: some orders enter, and are rejected.
        ...brokenPromises(`${run}, which`, true, accepted - sold + BEFORE, late),
        ...oddAnswers(run, answers),
      ],
    };
  } finally {
    redis.disconnect();
  }
}

/** Until a buyer was refused, a SKU without units takes orders, which a worker rejects. */
async function refused(url: string, saleId: string): Promise<void> {
  const response = await checkOut(url, saleId, SKU);
  if (response.status !== 409) throw new Error(`not refused: ${response.status} ${await response.text()}`);
}

/** What is neither accepted nor refused for good. */
function oddAnswers(run: string, answers: readonly ReadonlyMap<number, number>[]): string[] {
  const odd = answers.flatMap((of) => [...of].filter(([status]) => status !== 202 && status !== 409));
  return odd.map(([status, count]) => `${run}: ${count} were answered with ${status}`);
}
