import { dataSourceOptions } from '@app/database';
import { audit, openSale, Sale, Stock } from '@app/inventory';
import { fork } from 'node:child_process';
import { DataSource } from 'typeorm';
import { message } from '../message.js';
import type { Benchmark } from '../summary.js';
import { compare } from '../summary.js';
import { CONTENDERS, type Contender } from './contenders.js';
import type { SellerResult, SellerTask } from './seller.js';

export interface WorkerBenchOptions {
  readonly processes: number;
  readonly inFlight: number;
  readonly orders: number;
  readonly rounds: number;
}

/**
 * Orders settled per second on one hot SKU, in several processes, without the queue: the cost of the critical section and
 * of its lock. The contenders take turns, so that a noisy machine is noisy for all of them.
 */
export async function workerBench(
  options: WorkerBenchOptions,
  progress: (line: string) => void,
): Promise<Benchmark[]> {
  const dataSource = await new DataSource(
    dataSourceOptions({
      url: process.env.DATABASE_URL!,
      poolSize: 2,
      entities: [Sale, Stock],
      applicationName: 'bench',
    }),
  ).initialize();
  try {
    const rates = new Map<string, number[]>(CONTENDERS.map(({ name }) => [name, []]));
    for (let round = 1; round <= options.rounds; round++) {
      for (const contender of CONTENDERS) {
        const rate = await measure(contender, options, dataSource);
        rates.get(contender.name)!.push(rate);
        progress(`round ${round}/${options.rounds}  ${contender.name}: ${Math.round(rate)} orders/s`);
      }
    }
    return compare('worker', 'ordersPerSecond', rates);
  } finally {
    await dataSource.destroy();
  }
}

async function measure(
  contender: Contender,
  options: WorkerBenchOptions,
  dataSource: DataSource,
): Promise<number> {
  const { processes, inFlight } = options;
  const each = Math.ceil((options.orders * contender.share) / processes);
  const { name, strategy, stripes } = contender;
  const saleId = await openSale(dataSource, {
    name,
    strategy: strategy === 'redlock-peer' ? 'none' : strategy,
    stripes,
    items: [{ sku: 'hot', stock: each * processes }],
  });
  const sellers = Array.from({ length: processes }, (_, seller) => {
    const task: SellerTask = { seller, contender: contender.name, saleId, orders: each, inFlight };
    return fork(process.argv[1]!, ['seller', JSON.stringify(task)]);
  });
  try {
    await Promise.all(sellers.map((seller) => message(seller)));
    const results = sellers.map((seller) => message(seller) as Promise<SellerResult>);
    for (const seller of sellers) seller.send('go');
    const times = await Promise.all(results);
    const elapsed = Math.max(...times.map((t) => t.endedAt)) - Math.min(...times.map((t) => t.startedAt));
    await verify(dataSource, contender, saleId, each * processes);
    return (each * processes * 1_000) / elapsed;
  } finally {
    for (const seller of sellers) seller.kill('SIGKILL');
  }
}

/** A rate counts only if every order was settled, and, under whatever claims to be a lock, each exactly once. */
async function verify(dataSource: DataSource, { name, strategy }: Contender, saleId: string, orders: number) {
  const { total } = await audit(dataSource, saleId);
  const settled = total.held + total.rejected;
  const sound = settled === orders && (strategy === 'none' || (total.conserved && total.lostUpdates === 0));
  if (!sound) throw new Error(`${name} broke the invariants: ${JSON.stringify(total)}`);
}
