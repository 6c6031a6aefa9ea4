import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { root } from '../../local/paths.mjs';
import type { Figures } from './figures.js';

type Kind = 'demo' | 'bench' | 'lab';

const folderOf = (kind: Kind) => join(root, 'reports', kind);

/** A new folder under reports/<kind>, named by the time. */
export async function createReportDirectory(kind: Kind, startedAt: Date): Promise<string> {
  const directory = join(folderOf(kind), startedAt.toISOString().slice(0, 19).replaceAll(':', '-'));
  await mkdir(directory, { recursive: true });
  return directory;
}
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

/** What the reports of a kind have for the documentation, the newest first. A run that did not end has no summary. */
export async function figuresOf(kind: Kind): Promise<Figures[]> {
  const names = await readdir(folderOf(kind)).catch(() => []);
  const dated = names
    .filter((name) => /^\d/.test(name))
    .sort()
    .toReversed();
  const texts = await Promise.all(
    dated.map((name) => readFile(join(folderOf(kind), name, 'summary.json'), 'utf8').catch(() => '{}')),
  );
  const summaries = texts.map((text) => JSON.parse(text) as Partial<Figures>);
  return summaries.filter((summary): summary is Figures => summary.tables !== undefined);
}
