import { parseArgs } from 'node:util';
import { writeSummary } from '../summary.js';
import { locksBench } from './locks-bench.js';
import { tablesOf } from './print.js';
import { serversIn } from './servers.js';

/** npm run bench -- locks [--only redis,etcd] [--seconds 3] [--rounds 3] */
export async function locks(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const only = values.only.split(',').filter(Boolean);
  const options = { only, seconds: Number(values.seconds), rounds: Number(values.rounds) };
  if (!(options.seconds > 0 && options.rounds >= 1))
    throw new RangeError('--seconds and --rounds are numbers');
  const { benchmarks, failures } = await locksBench(options, serversIn(process.env), console.log);
  console.log(tablesOf(benchmarks));
  for (const [name, error] of failures) console.error(`${name} failed:`, error);
  const broken = benchmarks.filter(({ metric, max }) => metric === 'overlaps' && max > 0);
  for (const { contender, name } of broken) console.error(`${contender} let two in at a time (${name})`);
  if (failures.size > 0 || broken.length > 0) process.exitCode = 1;
  console.log(await writeSummary(benchmarks));
}
