import { migrate } from '@app/database';
import 'reflect-metadata';
import { writeSummary } from './bench/summary.js';
import { sell, type SellerTask } from './bench/worker/seller.js';
import { workerBench } from './bench/worker/worker-bench.js';

const [verb, argument] = process.argv.slice(2);

switch (verb) {
  case 'bench': {
    await migrate(process.env.DATABASE_URL!);
    const options = { processes: 4, inFlight: 16, orders: 20_000, rounds: 3 };
    const benchmarks = await workerBench(options, console.log);
    console.table(
      Object.fromEntries(
        benchmarks.map(({ contender, median, min, max, ratioTo }) => [
          contender,
          {
            'orders/s': Math.round(median),
            min: Math.round(min),
            max: Math.round(max),
            'x redlock': ratioTo['@sesamecare-oss/redlock per order'],
            'x lock-off': ratioTo['lock-off, batch 64'],
          },
        ]),
      ),
    );
    console.log(await writeSummary(benchmarks));
    break;
  }
  case 'seller':
    await sell(JSON.parse(argument!) as SellerTask);
    break;
  default:
    console.error('usage: npm run bench');
    process.exitCode = 2;
}
