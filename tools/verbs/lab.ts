import { EXPERIMENTS } from '../../lab/faults/experiments/index.js';
import { withOwnLock } from '../../lab/faults/own-lock.js';
import { runAndReport } from '../../lab/faults/run-and-report.js';
import { createReportDirectory } from '../../lab/report/directory.js';
import { typed } from '../options/arguments.js';
import { parseOptions, usage } from '../options/lab.js';

/** npm run lab -- list | all | <experiment ...> [options] */
export async function run(args: string[]): Promise<number> {
  const request = parseOptions(args);
  if (request.kind === 'help') console.log(usage);
  if (request.kind === 'list') console.log(EXPERIMENTS.map(lineOf).join('\n'));
  if (request.kind !== 'run') return 0;
  const options = request.lock
    ? { ...request.options, ...(await withOwnLock(request.lock)) }
    : request.options;
  const directory = await createReportDirectory('lab', new Date());
  return runAndReport({ ...request, options }, typed('lab', args), directory);
}

const lineOf = ({ name, title, cells }: (typeof EXPERIMENTS)[number]) =>
  `${name.padEnd(18)} ${title} (${cells.length} cells)`;
