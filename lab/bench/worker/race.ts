import { dataSourceOptions, migrate, poolOf } from '@app/database';
import { audit, openSale, Sale, Stock } from '@app/inventory';
import { DataSource } from 'typeorm';
import { Samples } from '../../statistics/samples.js';
import { brokenPromises } from '../../truth/broken-promises.js';
import { inTurn } from '../in-turn.js';
import { microsEach, timed } from '../processor-time.js';
import type { BenchResult } from '../result.js';
import { HOT, WARM_UP } from './seller.js';
import { Sellers } from './sellers.js';
import { isSafe, type WayToSettle } from './ways-to-settle.js';
import { handOverMs } from './hand-over.js';
import { HAND_OVER_MS, ORDERS_PER_COMMIT, ORDERS_PER_SECOND, PROCESSES } from './worker-tables.js';

/** Who takes part, and how. */
export interface Entrant {
  readonly contender: WayToSettle;
  /** That it settles in a run. */
  readonly orders: number;
  readonly benchmark: string;
}

/** Orders that warm a process up, as a share of those that count. */
const WARM_UP_SHARE = 0.25;

/**
 * Orders settled per second on one hot SKU, in several processes, without the queue. The contenders take turns, so that a noisy
 * machine is noisy for all of them. One that breaks an invariant is out of the race.
 */
export async function race(
  entrants: readonly Entrant[],
  rounds: number,
  progress: (line: string) => void,
): Promise<Pick<BenchResult, 'benchmarks' | 'failures'>> {
  const url = process.env.DATABASE_URL!;
  await migrate(url);
  const dataSource = await new DataSource(
    dataSourceOptions({ url, poolSize: 2, entities: [Sale, Stock], applicationName: 'bench' }),
  ).initialize();
  const sellers = new Sellers(PROCESSES);
  const run = { dataSource, sellers };
  const samples = new Samples();
  const failures = new Map<Entrant, string[]>();
  // Round 0 does not count: whoever comes first is held back by code that has just been loaded.
  const turns = [entrants.slice(0, 1), ...Array.from({ length: rounds }, (_, i) => inTurn(entrants, i + 1))];
  try {
    for (const [round, running] of turns.entries()) {
      for (const entrant of running.filter((candidate) => !failures.has(candidate))) {
        const { contender, orders, benchmark } = entrant;
        const { name } = contender;
        const told = (what: string) => progress(`round ${round}/${rounds}  ${benchmark}: ${name}: ${what}`);
        const fail = (reasons: string[]) => {
          failures.set(entrant, reasons);
          told(`left out from here on: ${reasons.join('; ')}`);
        };
        try {
          const { broken, ...figures } = await measure(contender, orders, run);
          if (broken.length > 0) {
            fail(broken);
            continue;
          }
          if (round > 0) samples.add(benchmark, name, figures);
          told(`${Math.round(figures[ORDERS_PER_SECOND])} orders/s`);
        } catch (error) {
          fail([`${name}: ${String(error)}`]);
        }
      }
    }
  } finally {
    sellers.end();
    await dataSource.destroy();
  }
  return { benchmarks: samples.benchmarks(), failures: [...failures.values()].flat() };
}

interface Run {
  readonly dataSource: DataSource;
  readonly sellers: Sellers;
}

async function measure(contender: WayToSettle, orders: number, { dataSource, sellers }: Run) {
  const each = Math.ceil(orders / PROCESSES);
  const warmUp = Math.ceil(each * WARM_UP_SHARE);
  const items = [
    { sku: HOT, stock: contender.stock ?? each * PROCESSES },
    { sku: WARM_UP, stock: warmUp * PROCESSES },
  ];
  const saleId = await openSale(poolOf(dataSource), { name: contender.name, ...contender.rules, items });
  await sellers.prepare((seller) => ({ seller, contender, saleId, orders: each, warmUp }));
  const servers = { apis: [], workers: [], redisUrl: process.env.REDIS_URL! };
  const { result: times, took } = await timed(servers, poolOf(dataSource), () => sellers.run());
  const elapsed = Math.max(...times.map((t) => t.endedAt)) - Math.min(...times.map((t) => t.startedAt));
  const { total } = await audit(poolOf(dataSource), saleId);
  const truth = { ...total, ended: total.held + total.rejected };
  const settled = each * PROCESSES;
  const handOver = await handOverMs(poolOf(dataSource), saleId, HOT);
  return {
    broken: brokenPromises(contender.name, isSafe(contender), (each + warmUp) * PROCESSES, truth),
    [ORDERS_PER_SECOND]: (settled * 1_000) / elapsed,
    [ORDERS_PER_COMMIT]: settled / (await commitsOf(dataSource, saleId)),
    ...microsEach({ ...took, worker: times.reduce((sum, { micros }) => sum + micros, 0) }, settled),
    ...(handOver !== undefined && { [HAND_OVER_MS]: handOver }),
  };
}

async function commitsOf(dataSource: DataSource, saleId: string): Promise<number> {
  const sql = 'SELECT count(*)::int AS commits FROM stock_movements WHERE sale_id = $1 AND sku = $2';
  const [row] = await dataSource.query<[{ commits: number }]>(sql, [saleId, HOT]);
  return row.commits;
}
