import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface PastReport {
  kind: string;
  /** Its folder, named by the time. */
  name: string;
  verdict?: string;
  /** Path of the page, on this server. */
  path: string;
}

const KINDS = ['demo', 'bench', 'lab'];
/** The newest of each kind. */
const LISTED = 10;

export async function listReports(directory: string, ticket: string): Promise<PastReport[]> {
  const kinds = await Promise.all(KINDS.map((kind) => listKind(directory, kind, ticket)));
  return kinds.flat();
}

async function listKind(directory: string, kind: string, ticket: string): Promise<PastReport[]> {
  const entries = await readdir(join(directory, kind), { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const whole = names.filter((name) => existsSync(join(directory, kind, name, 'report.html')));
  const newest = whole.sort().toReversed().slice(0, LISTED);
  return Promise.all(
    newest.map(async (name) => {
      const verdict = await readVerdict(join(directory, kind, name, 'summary.json'));
      return { kind, name, verdict, path: `/reports/${ticket}/${kind}/${name}/report.html` };
    }),
  );
}

async function readVerdict(file: string): Promise<string | undefined> {
  try {
    const { verdict } = JSON.parse(await readFile(file, 'utf8')) as { verdict?: unknown };
    return typeof verdict === 'string' ? verdict : undefined;
  } catch {
    return undefined;
  }
}
