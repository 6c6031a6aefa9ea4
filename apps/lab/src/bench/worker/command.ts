import { migrate } from '@app/database';
import { writeSummary } from '../summary.js';
import { workerBench } from './worker-bench.js';

/** npm run bench -- worker */
export async function worker(): Promise<void> {
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
}
