import { cp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { root } from '../../local/paths.mjs';

type Kind = 'demo' | 'bench' | 'lab';

/** A new folder under reports/<kind>, named by the time. */
export async function createReportDirectory(kind: Kind, startedAt: Date): Promise<string> {
  const directory = join(root, 'reports', kind, startedAt.toISOString().slice(0, 19).replaceAll(':', '-'));
  await mkdir(directory, { recursive: true });
  return directory;
}

/** Writes summary.json and report.html, and lets `latest` beside the folder lead to them. Returns the path of the page. */
export async function writeReport(directory: string, summary: object, page: string): Promise<string> {
  const file = join(directory, 'report.html');
  await writeFile(join(directory, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  await writeFile(file, page);
  await point(join(dirname(directory), 'latest'), directory);
  return file;
}

/** A link, replaced in one step; a copy where the file system has no links. */
async function point(latest: string, directory: string): Promise<void> {
  const link = `${directory}.latest`;
  try {
    await symlink(basename(directory), link);
    await rename(link, latest);
  } catch {
    await rm(latest, { recursive: true, force: true });
    await cp(directory, latest, { recursive: true });
  }
}
