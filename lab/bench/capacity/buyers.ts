import { readTruth } from '../../truth/audit.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { timed } from '../processor-time.js';
import { send } from '../requests/send.js';
import { checkOut } from '../scale/check-out.js';
import type { DrainBench } from '../scale/drain.js';
import { openSale } from '../scale/open-sale.js';
import { eachPart, sumOf, type Costs } from './model.js';

const SKU = 'hot';
/** They wait for the outcome, so that no queue grows while they come and is worked off by half of the processes afterwards. */
const PREFER = 'wait=30';

/** What buyers are told, in turn: so many that their orders are accepted, so many that the SKU is sold out. */
export interface Mix {
  readonly orders: number;
  readonly refusals: number;
}

/** Lets buyers come in closed loops to so many APIs, on so many connections to each, until all know what became of their checkouts. */
export async function sell(
  { stack, database }: DrainBench,
  apiCount: number,
  { orders, refusals }: Mix,
  amount: number,
  connections: number,
) {
  const apis = stack.apis.slice(0, apiCount);
  const measured = { apis, workers: stack.workers, redisUrl: stack.redisUrl };
  const open = await openSale(stack, 'redis', { [SKU]: amount });
  const soldOut = await openSale(stack, 'redis', { [SKU]: 0 });
  const checkoutIn = (saleId: string) => ({ path: `/sales/${saleId}/checkouts`, sku: SKU, prefer: PREFER });
  const checkouts = [
    ...Array.from({ length: orders }, () => checkoutIn(open)),
    ...Array.from({ length: refusals }, () => checkoutIn(soldOut)),
  ];
  await refused(apis[0]!.url, soldOut);
  const { result, took } = await timed(measured, database, async () => {
    const began = Date.now();
    const before = process.cpuUsage();
    const sent = await Promise.all(
      apis.map(({ url }) => send(url, checkouts, amount / apiCount, connections)),
    );
    const { user, system } = process.cpuUsage(before);
    return { began, sent, senderMicros: user + system };
  });
  const { began, sent, senderMicros } = result;
  const answers = sent.map((each) => each.answers);
  const sold = (amount * orders) / (orders + refusals);
  const bought = answers.reduce((sum, of) => sum + (of.get(201) ?? 0), 0);
  const seconds = (Math.max(...sent.map(({ answeredAt }) => answeredAt)) - began) / 1_000;
  const run = `${amount} checkouts, ${refusals} of ${orders + refusals} for what is sold out`;
  const truth = await readTruth(stack, database, open);
  // Its mark ends now and then: some orders enter, and are rejected. Their buyers are answered as those who are refused, so none counts them.
  const late = await readTruth(stack, database, soldOut);
  const micros: Costs = { ...took, sender: senderMicros };
  return {
    costs: eachPart((part) => micros[part] / amount),
    coresBusy: sumOf(micros) / 1e6 / seconds,
    ordersPerSecond: sold / seconds,
    broken: [
      ...brokenPromises(run, true, sold, { ...truth, undersold: 0 }),
      ...brokenPromises(`${run}, which`, true, late.ended, late),
      ...oddAnswers(run, answers),
      ...(bought === sold ? [] : [`${run}: ${bought} of ${sold} were sold to their buyers`]),
    ],
  };
}

/** Until a buyer was refused, a SKU without units takes orders, which a worker rejects. */
async function refused(url: string, saleId: string): Promise<void> {
  const response = await checkOut(url, saleId, SKU);
  if (response.status !== 409) throw new Error(`not refused: ${response.status} ${await response.text()}`);
}

/** What is neither sold nor refused for good. */
function oddAnswers(run: string, answers: readonly ReadonlyMap<number, number>[]): string[] {
  const odd = answers.flatMap((of) => [...of].filter(([status]) => status !== 201 && status !== 409));
  return odd.map(([status, count]) => `${run}: ${count} were answered with ${status}`);
}
