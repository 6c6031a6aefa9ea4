import { relative } from 'node:path';
import { minutesFor } from '../../lab/bench/estimate.js';
import { runBenchmarks } from '../../lab/bench/run-benchmarks.js';
import { typed } from '../options/arguments.js';
import { parseOptions, usage } from '../options/bench.js';

/** npm run bench [-- worker | http | scale | locks ...] [options] */
export async function run(args: string[]): Promise<number> {
  const options = parseOptions(args);
  if (!options) {
    console.log(usage);
    return 0;
  }
  console.log(`${options.benchmarks.join(', ')}: about ${minutesFor(options)} minutes on two cores`);
  const { failures, report } = await runBenchmarks(options, typed('bench', args));
  for (const failure of failures) console.error(`✗ ${failure}`);
  console.log(`\nReport: ${relative(process.cwd(), report)}`);
  return failures.length > 0 ? 1 : 0;
}
