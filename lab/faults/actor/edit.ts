import { Client, escapeIdentifier } from 'pg';
import { now } from '../../clock.js';
import { apply, type Edit } from '../document.js';
import type { Process } from './process.js';
import type { Edited, EditTask } from './protocol.js';

/** Edits a document in a table of its own: reads the text, changes it, writes it back. */
export async function edit(self: Process, { table, edit: change, ...locking }: EditTask): Promise<Edited> {
  const client = new Client({ connectionString: self.setup.servers.postgres });
  await client.connect();
  const document = new Document(client, table, self);
  try {
    if (locking.driver === 'optimistic') return await editUntilUnchanged(document, change);
    if (locking.driver === 'none') return await overwrite(document, change);
    return await self.holding({ ...locking, fence: false }, table, () => overwrite(document, change));
  } finally {
    await client.end();
  }
}

/** The last write wins, whatever was written since the read. */
async function overwrite(document: Document, change: Edit): Promise<Edited> {
  const order = now();
  await document.write(apply((await document.read()).text, change));
  return { order, retries: 0 };
}

/** Compare and set: what was written since the read makes it begin anew. */
async function editUntilUnchanged(document: Document, change: Edit): Promise<Edited> {
  for (let retries = 0; ; retries++) {
    const { text, version } = await document.read();
    if (await document.write(apply(text, change), version)) return { order: version + 1, retries };
  }
}

class Document {
  readonly #table: string;

  constructor(
    private readonly client: Client,
    private readonly resource: string,
    private readonly self: Process,
  ) {
    this.#table = escapeIdentifier(resource);
  }

  async read(): Promise<{ text: string; version: number }> {
    const { rows } = await this.client.query(`SELECT text, version FROM ${this.#table}`);
    this.self.record('read', { resource: this.resource });
    await this.self.reach('read');
    return rows[0];
  }

  /** Resolves to false when the document is no longer of this version, where one is given. */
  async write(text: string, version?: number): Promise<boolean> {
    const sql = `UPDATE ${this.#table} SET text = $1, version = version + 1 WHERE version = coalesce($2, version)`;
    const written = (await this.client.query(sql, [text, version])).rowCount === 1;
    this.self.record(written ? 'wrote' : 'refused', { resource: this.resource });
    return written;
  }
}
