import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
const PARTIAL = '.partial';

/** The files of a sale are not there, or not what they were. */
class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/**
 * The archive of one sale: a folder of files. Until the database knows its checksum it has a name that nobody else uses, so that an attempt
 * which goes on after it has lost its turn harms no other.
 */
export class Archive {
  readonly #final: string;
  readonly #partial: string;
  readonly #files: ArchivedFile[] = [];

  constructor(
    private readonly parent: string,
    private readonly saleId: string,
  ) {
    this.#final = join(parent, saleId);
    this.#partial = `${this.#final}.${randomUUID()}${PARTIAL}`;
  }

  begin(): Promise<void> {
    return mkdir(this.#partial);
  }

  /** Writes a file of lines, compressed. */
  async write(table: string, lines: AsyncIterable<readonly string[]>): Promise<void> {
    const name = `${table}.ndjson.gz`;
    const hash = createHash('sha256');
    let [rows, bytes] = [0, 0];
    const joined = async function* () {
      for await (const some of lines) {
        rows += some.length;
        yield some.map((line) => `${line}\n`).join('');
      }
    };
    const hashed = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    };
    const file = createWriteStream(join(this.#partial, name), { flush: true });
    await pipeline(joined, createGzip(), hashed, file);
    this.#files.push({ name, rows, bytes, sha256: hash.digest('hex') });
  }

  /**
   * Writes what names all files, and reads them once more. Resolves to its checksum.
   *
   * @throws {ArchiveError}
   */
  async complete(about: object): Promise<string> {
    const manifest: Manifest = { format: 1, ...about, files: this.#files };
    const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
    await writeFile(join(this.#partial, MANIFEST), text, { flush: true });
    await flush(this.#partial);
    await flush(this.parent);
    const manifestSha256 = sha256(text);
    await check(this.#partial, manifestSha256);
    return manifestSha256;
  }

  /** For an attempt of which the database knows nothing. */
  async discard(): Promise<void> {
    await rm(this.#partial, { recursive: true, force: true });
  }

  /** Gives the folder that the database knows its name. May be repeated. */
  async publish(manifestSha256: string): Promise<void> {
    if (await isOf(this.#final, manifestSha256)) return;
    for (const partial of await this.#partials()) {
      if (!(await isOf(partial, manifestSha256))) continue;
      await rename(partial, this.#final); // fails where anything else has the name
      return flush(this.parent);
    }
  }

  /**
   * Reads what was published once more, then removes what other attempts have left.
   *
   * @throws {ArchiveError} unless all files are there, as they were written
   */
  async confirm(manifestSha256: string): Promise<void> {
    await check(this.#final, manifestSha256);
    for (const partial of await this.#partials()) await rm(partial, { recursive: true, force: true });
  }

  /** Of all attempts at this sale. */
  async #partials(): Promise<string[]> {
    const names = await readdir(this.parent);
    const ofSale = names.filter((name) => name.startsWith(this.saleId) && name.endsWith(PARTIAL));
    return ofSale.map((name) => join(this.parent, name));
  }
}

/** Whether a folder has this manifest. */
async function isOf(folder: string, manifestSha256: string): Promise<boolean> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '');
  return sha256(text) === manifestSha256;
}

/** @throws {ArchiveError} unless all files are there, as they were written */
async function check(folder: string, manifestSha256: string): Promise<void> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((error: Error) => {
    throw new ArchiveError(error.message);
  });
  if (sha256(text) !== manifestSha256) throw new ArchiveError(`${MANIFEST} is not the one that was written`);
  const { files } = JSON.parse(text) as Manifest;
  for (const { name, sha256: written } of files) {
    const found = await checksumOf(join(folder, name)).catch((error: Error) => {
      throw new ArchiveError(error.message);
    });
    if (found !== written) throw new ArchiveError(`${name} is not as it was written`);
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
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
