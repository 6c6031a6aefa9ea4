import { cp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { root } from '../../paths.mjs';
import type { Demo } from '../run-demo.js';
import { renderPage, type PageDetails } from './page.js';

/** A new folder under reports/demo, named by the time. */
export async function createReportDirectory(startedAt: Date): Promise<string> {
  const directory = join(root, 'reports/demo', startedAt.toISOString().slice(0, 19).replaceAll(':', '-'));
  await mkdir(directory, { recursive: true });
  return directory;
}

/** Writes summary.json and report.html, and lets `latest` beside the folder lead to them. */
export async function writeReport(directory: string, demo: Demo, details: PageDetails): Promise<string> {
  const file = join(directory, 'report.html');
  await writeFile(join(directory, 'summary.json'), `${JSON.stringify(demo.summary, null, 2)}\n`);
  await writeFile(file, renderPage(demo, details));
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
