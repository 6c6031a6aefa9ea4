import { relative } from 'node:path';
import { verdictOfAll } from '../../apps/lab/src/faults/cell.js';
import { EXPERIMENTS } from '../../apps/lab/src/faults/experiments/index.js';
import { runLab } from '../../apps/lab/src/faults/run.js';
import { parseOptions, usage } from '../lab/options.js';
import { createReportDirectory, writeReport } from '../report/directory.js';

/** npm run lab -- list | all | <experiment ...> [options] */
export async function run(args: string[]): Promise<number> {
  const request = parseOptions(args);
  if (request.kind === 'help') {
    console.log(usage);
    return 0;
  }
  if (request.kind === 'list') {
    for (const { name, title, cells } of EXPERIMENTS)
      console.log(`${name}  ${title} (${cells.length} cells)`);
    return 0;
  }
  const { options, json } = request;
  const progress = json ? console.error : console.log;
  const directory = await createReportDirectory('lab', new Date());
  const cells = await runLab(options, progress);
  const summary = { verdict: verdictOfAll(cells), cells };
  const report = await writeReport(directory, summary, '');
  if (json) console.log(JSON.stringify(summary, null, 2));
  progress(`\n${summary.verdict}  report: ${relative(process.cwd(), report)}`);
  return summary.verdict === 'PASS' ? 0 : 1;
}
