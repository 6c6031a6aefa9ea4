import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { exclusively } from '../../processes/exclusively.mjs';
import { withProgress } from '../../terminal.js';
import { Unavailable, type Way } from '../meet-need.js';

interface Archive {
  url: string;
  sha256: string;
}

interface Release {
  /** The program, wherever in the archive it is. */
  name: string;
  version: string;
  directory: string;
  /** By platform and architecture, in Node's words. */
  archives: Record<string, Archive>;
}

const downloadMs = 300_000;

/** The project's own release archive, if it is the very one whose checksum is written down here. */
export const release = ({ name, version, directory, archives }: Release): Way<{ file: string }> => ({
  name: 'release',
  advice: `let the ${name} ${version} release be downloaded`,
  find: () =>
    exclusively(`${name}-release`, async () => {
      const machine = `${process.platform}-${process.arch}`;
      const archive = archives[machine];
      if (!archive) throw new Unavailable(`there is no release for ${machine}`);
      const unpacker = await unpackerOf(archive.url);
      const content = await withProgress(`downloading ${name} ${version}`, () => download(archive));
      const file = join(directory, name);
      const unpacked = `${file}.unpacked`;
      await mkdir(unpacked, { recursive: true });
      try {
        await writeFile(join(unpacked, 'archive'), content);
        await unpacker(unpacked);
        await rename(await findFile(unpacked, name), file);
      } finally {
        await rm(unpacked, { recursive: true, force: true });
      }
      return { value: { file }, because: `${file}, release ${version}, downloaded as there was none` };
    }),
});

/** How to unpack the file `archive` in a directory. GNU tar, unlike that of macOS, knows nothing of zip. */
async function unpackerOf(url: string): Promise<(cwd: string) => Promise<unknown>> {
  if (!url.endsWith('.zip')) return (cwd) => execa('tar', ['-xf', 'archive'], { cwd });
  const { failed } = await execa('unzip', ['-v'], { reject: false });
  if (failed) throw new Unavailable('there is no unzip on the PATH');
  return (cwd) => execa('unzip', ['-q', 'archive'], { cwd });
}

async function findFile(directory: string, name: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found = entries.find((entry) => entry.isFile() && entry.name === name);
  if (!found) throw new Error(`there is no ${name} in the archive`);
  return join(found.parentPath, found.name);
}

async function download({ url, sha256 }: Archive): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(downloadMs) }).catch((error: Error) => {
    throw new Error(`${url}: ${error.cause instanceof Error ? error.cause.message : error.message}`, {
      cause: error,
    });
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  const content = Buffer.from(await response.arrayBuffer());
  const actual = createHash('sha256').update(content).digest('hex');
  if (actual !== sha256) throw new Error(`${url}: its checksum is ${actual}, not ${sha256}`);
  return content;
}
