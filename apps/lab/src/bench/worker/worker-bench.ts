import { dataSourceOptions, migrate } from '@app/database';
import { audit, openSale, Sale, Stock } from '@app/inventory';
import { fork } from 'node:child_process';
import { DataSource } from 'typeorm';
import { serversIn } from '../../servers.js';
import { message } from '../message.js';
import type { BenchResult } from '../result.js';
import { Samples } from '../samples.js';
import { brokenPromises } from '../verdict.js';
import { CONTENDERS, isSafe, serverOf, wayOf, type Contender } from './contenders.js';
import { HOT, WARM_UP, type SellerResult, type SellerTask } from './seller.js';
import { benchmarkOf, ORDERS_PER_COMMIT, ORDERS_PER_SECOND, PROCESSES, tablesOf } from './tables.js';

export interface WorkerBenchOptions {
  /** Strategies and peers. Empty: all whose servers are given. */
  readonly only: readonly string[];
  /** That the fast contenders settle in a run; the slow ones a share of it. */
  readonly orders: number;
  readonly rounds: number;
}

/** Orders that warm a process up, as a share of those that count. */
const WARM_UP_SHARE = 0.25;

/**
 * Orders settled per second on one hot SKU, in several processes, without the queue: the cost of the critical section and
 * of its lock. The contenders take turns, so that a noisy machine is noisy for all of them. One that breaks an invariant is
 * out of the race.
 */
export async function workerBench(
  { only, orders, rounds }: WorkerBenchOptions,
  progress: (line: string) => void,
): Promise<BenchResult> {
  const url = process.env.DATABASE_URL!;
  await migrate(url);
  const dataSource = await new DataSource(
    dataSourceOptions({ url, poolSize: 2, entities: [Sale, Stock], applicationName: 'bench' }),
  ).initialize();
  const samples = new Samples();
  const failures = new Map<Contender, string[]>();
  const chosen = CONTENDERS.filter((contender) => isThere(contender, only));
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const contender of chosen.filter((candidate) => !failures.has(candidate))) {
        const { name, load, share } = contender;
        const told = (what: string) => progress(`round ${round}/${rounds}  ${load}: ${name}: ${what}`);
        const fail = (reasons: string[]) => {
          failures.set(contender, reasons);
          told(`left out from here on: ${reasons.join('; ')}`);
        };
        try {
          const { broken, ...figures } = await measure(contender, Math.ceil(orders * share), dataSource);
          if (broken.length > 0) {
            fail(broken);
            continue;
          }
          samples.add(benchmarkOf(load), name, figures);
          told(`${Math.round(figures[ORDERS_PER_SECOND])} orders/s`);
        } catch (error) {
          fail([`${name}: ${String(error)}`]);
        }
      }
    }
  } finally {
    await dataSource.destroy();
  }
  const benchmarks = samples.benchmarks();
  return { benchmarks, tables: tablesOf(benchmarks), failures: [...failures.values()].flat() };
}

function isThere(contender: Contender, only: readonly string[]): boolean {
  const server = serverOf(contender);
  if (only.length > 0 && !only.includes(wayOf(contender))) return false;
  return server === undefined || serversIn(process.env)[server] !== undefined;
}

async function measure(contender: Contender, orders: number, dataSource: DataSource) {
  const each = Math.ceil(orders / PROCESSES);
  const warmUp = Math.ceil(each * WARM_UP_SHARE);
  const items = [
    { sku: HOT, stock: each * PROCESSES },
    { sku: WARM_UP, stock: warmUp * PROCESSES },
  ];
  const saleId = await openSale(dataSource, { name: contender.name, ...contender.rules, items });
  const sellers = Array.from({ length: PROCESSES }, (_, seller) => {
    const task: SellerTask = { seller, contender, saleId, orders: each, warmUp };
    return fork(process.argv[1]!, ['seller', JSON.stringify(task)]);
  });
  try {
    await Promise.all(sellers.map((seller) => message(seller)));
    const results = sellers.map((seller) => message(seller) as Promise<SellerResult>);
    for (const seller of sellers) seller.send('go');
    const times = await Promise.all(results);
    const elapsed = Math.max(...times.map((t) => t.endedAt)) - Math.min(...times.map((t) => t.startedAt));
    const { total } = await audit(dataSource, saleId);
    const truth = { ...total, ended: total.held + total.rejected };
    return {
      broken: brokenPromises(contender.name, isSafe(contender), (each + warmUp) * PROCESSES, truth),
      [ORDERS_PER_SECOND]: (each * PROCESSES * 1_000) / elapsed,
      [ORDERS_PER_COMMIT]: (each * PROCESSES) / (await commitsOf(dataSource, saleId)),
    };
  } finally {
    for (const seller of sellers) seller.kill('SIGKILL');
  }
}

async function commitsOf(dataSource: DataSource, saleId: string): Promise<number> {
  const sql = 'SELECT count(*)::int AS commits FROM stock_movements WHERE sale_id = $1 AND sku = $2';
  const [row] = await dataSource.query<[{ commits: number }]>(sql, [saleId, HOT]);
  return row.commits;
}
