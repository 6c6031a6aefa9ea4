import { relative } from 'node:path';
import { verdictOfAll } from '../../lab/faults/cell.js';
import { EXPERIMENTS } from '../../lab/faults/experiments/index.js';
import { runLab } from '../../lab/faults/run.js';
import { withDatabase } from '../../lab/demo/run-demo.js';
import { parseOptions, usage, type LabRequest } from '../options/lab.js';
import { writeDocs } from '../../lab/faults/report/docs.js';
import { renderPage } from '../../lab/faults/report/page.js';
import { createReportDirectory, writeReport } from '../../lab/report/directory.js';
import { describeMachine } from '../../lab/report/machine.js';

/** npm run lab -- list | all | <experiment ...> [options] */
export async function run(args: string[]): Promise<number> {
  const request = parseOptions(args);
  if (request.kind === 'help') console.log(usage);
  if (request.kind === 'list') console.log(EXPERIMENTS.map(lineOf).join('\n'));
  if (request.kind !== 'run') return 0;
  const directory = await createReportDirectory('lab', new Date());
  return runAndReport(request, `npm run lab -- ${args.join(' ')}`, directory);
}

/** Returns the exit code. */
export async function runAndReport(
  { options, json, docs }: Omit<Extract<LabRequest, { kind: 'run' }>, 'kind'>,
  command: string,
  directory: string,
): Promise<number> {
  const progress = json ? console.error : console.log;
  const { cells, servers } = await runLab(options, progress);
  const machine = await withDatabase(servers.postgres!, (database) =>
    describeMachine(database, servers.redis!),
  );
  const verdict = verdictOfAll(cells);
  const { experiments } = options;
  const page = renderPage({ verdict, experiments, cells, machine, command, finishedAt: new Date() });
  const report = await writeReport(directory, { verdict, cells, machine }, page);
  if (docs) await writeDocs(experiments, cells);
  if (json) console.log(JSON.stringify({ verdict, cells, machine }, null, 2));
  progress(`\n${verdict}  Report: ${relative(process.cwd(), report)}`);
  return verdict === 'PASS' ? 0 : 1;
}

const lineOf = ({ name, title, cells }: (typeof EXPERIMENTS)[number]) =>
  `${name.padEnd(18)} ${title} (${cells.length} cells)`;
