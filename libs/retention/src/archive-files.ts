import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** One file of an archive. */
interface ArchivedFile {
  readonly name: string;
  readonly rows: number;
  /** Of the file as it is. */
  readonly bytes: number;
  readonly sha256: string;
}

interface Manifest {
  readonly format: 1;
  readonly files: readonly ArchivedFile[];
}

const MANIFEST = 'manifest.json';

/** The files of a sale are not there, or not what they were. */
class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** The archive of one sale: a folder of files, complete or not there. */
export class Archive {
  readonly #directory: string;
  readonly #partial: string;
  readonly #files: ArchivedFile[] = [];

  constructor(parent: string, saleId: string) {
    this.#directory = join(parent, saleId);
    this.#partial = `${this.#directory}.partial`;
  }

  /** Begins anew, whatever an earlier try has left. */
  async begin(): Promise<void> {
    await rm(this.#partial, { recursive: true, force: true });
    await mkdir(this.#partial);
  }

  /** Writes a file of lines, compressed. */
  async write(table: string, lines: AsyncIterable<readonly string[]>): Promise<void> {
    const name = `${table}.ndjson.gz`;
    let rows = 0;
    const joined = async function* () {
      for await (const some of lines) {
        rows += some.length;
        yield some.map((line) => `${line}\n`).join('');
      }
    };
    const path = join(this.#partial, name);
    await pipeline(joined, createGzip(), createWriteStream(path, { flush: true }));
    this.#files.push({ name, rows, ...(await checksumOf(path)) });
  }

  /** Writes what names all files, and makes them an archive at once. Resolves to its checksum. */
  async complete(about: object): Promise<string> {
    const manifest: Manifest = { format: 1, ...about, files: this.#files };
    const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
    await writeFile(join(this.#partial, MANIFEST), text, { flush: true });
    await flush(this.#partial);
    await rm(this.#directory, { recursive: true, force: true }); // of a try that died before anybody was told of it
    await rename(this.#partial, this.#directory);
    await flush(dirname(this.#directory));
    return sha256(text);
  }

  /** @throws {ArchiveError} unless all files are there, as they were written */
  async check(manifestSha256: string): Promise<void> {
    const text = await readFile(join(this.#directory, MANIFEST), 'utf8').catch((error: Error) => {
      throw new ArchiveError(error.message);
    });
    if (sha256(text) !== manifestSha256)
      throw new ArchiveError(`${MANIFEST} is not the one that was written`);
    const { files } = JSON.parse(text) as Manifest;
    for (const { name, sha256: written } of files) {
      const found = await checksumOf(join(this.#directory, name)).catch((error: Error) => {
        throw new ArchiveError(error.message);
      });
      if (found.sha256 !== written) throw new ArchiveError(`${name} is not as it was written`);
    }
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function checksumOf(path: string): Promise<Pick<ArchivedFile, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Until then a crash of the machine may forget which files a folder has. */
async function flush(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
