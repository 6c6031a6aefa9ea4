import { relative } from 'node:path';
import { writeReport } from '../report/directory.js';
import { describeMachine } from '../report/machine.js';
import { withDatabase } from '../truth/database.js';
import { verdictOfAll } from './cell.js';
import { writeDocs } from './report/docs.js';
import { renderPage } from './report/page.js';
import { runLab, type LabOptions } from './run.js';

export interface ReportedRun {
  readonly options: LabOptions;
  /** The summary goes to standard output. */
  readonly json: boolean;
  /** Its figures go into the documentation. */
  readonly docs: boolean;
}

/** Returns the exit code. */
export async function runAndReport(
  { options, json, docs }: ReportedRun,
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
