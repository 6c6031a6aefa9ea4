import { unsettledOf } from '@app/checkout-queue';
import { audit } from '@app/inventory';
import { postgresOptions, type Log, type Shards } from '@app/servers';
import pg, { type Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { Archive } from './archive-files.js';
import {
  ARCHIVED_SQL,
  BATCH,
  CLOSE_SQL,
  ENDED_SQL,
  LINES_SQL,
  PRUNE_SQL,
  PRUNED_SQL,
  REMOVE_SALE_SQL,
  SALE_SQL,
  STATE_SQL,
  UNPRUNED_SQL,
} from './sale-sql.js';

/** Rows read at a time. */
const FETCHED = 5_000;
/** The next batch of a large sale is found where an index begins, and not by reading all that is left of it. */
const WALK_INDEXES = 'SET enable_bitmapscan = off; SET enable_sort = off';
/** Nothing is locked while files are written; a process that is stopped then must not keep old rows from being vacuumed for ever. */
const IDLE_IN_TRANSACTION_MS = 60_000;

export interface RetirementOptions {
  /** Of Postgres itself: who has the lock of a session has to keep the session. */
  readonly databaseUrl: string;
  readonly shards: Shards;
  /** Of the archives. */
  readonly directory: string;
  /** How long ago a sale has to have ended. */
  readonly days: number;
  readonly log: Log & { info(fields: object, message: string): void };
}

/** How many sales were archived, how many of them are gone from the database, and how many could not be done. */
export interface Retired {
  readonly archived: number;
  readonly pruned: number;
  readonly failed: number;
}

type Unpruned = { readonly saleId: string; readonly manifestSha256: string };
type Ended = { readonly saleId: string; readonly endedAt: string };
const BEGINNING: Ended = { saleId: '00000000-0000-0000-0000-000000000000', endedAt: '-infinity' };

/**
 * Archives the sales that ended long ago as files, then deletes their rows. It may die at any moment: what it has archived is deleted by
 * the next one, and what it has not is archived anew. Resolves to undefined if another process is at it.
 */
export async function retire(options: RetirementOptions): Promise<Retired | undefined> {
  const client = new pg.Client({
    ...postgresOptions({ url: options.databaseUrl }),
    stream: undefined, // a large sale is read, counted and checked for long, in silence
    statement_timeout: 0,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    application_name: 'retire',
  });
  client.on('error', () => undefined); // told by the rejection of what it was to do
  await client.connect();
  try {
    const turn = await client.query<{ mine: boolean }>(
      `SELECT pg_try_advisory_lock(hashtext('retire')) AS mine`,
    );
    return turn.rows[0]!.mine ? await new Retirement(client, options).run() : undefined;
  } finally {
    await client.end();
  }
}

class Retirement {
  #failed = 0;

  constructor(
    private readonly client: Client,
    private readonly options: RetirementOptions,
  ) {}

  async run(): Promise<Retired> {
    let archived = 0;
    for (let last = BEGINNING; ;) {
      const [ended] = await this.#rows<Ended>(ENDED_SQL, [this.options.days, last.endedAt, last.saleId]);
      if (!ended) break;
      last = ended;
      if (await this.#attempt(ended.saleId, () => this.#archive(ended))) archived++;
    }
    await this.client.query(WALK_INDEXES);
    let pruned = 0;
    const unpruned = await this.#rows<Unpruned>(UNPRUNED_SQL, []);
    for (const { saleId, manifestSha256 } of unpruned)
      if (await this.#attempt(saleId, () => this.#prune(saleId, manifestSha256))) pruned++;
    return { archived, pruned, failed: this.#failed };
  }

  /** A sale that cannot be done keeps no other from it. */
  async #attempt(saleId: string, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      this.options.log.warn({ err: error, saleId }, 'could not be retired');
      this.#failed++;
      await this.client.query('ROLLBACK');
      return false;
    }
  }

  /** Resolves to whether the sale is in files now. */
  async #archive(ended: Ended): Promise<boolean> {
    const archive = new Archive(this.options.directory, ended.saleId);
    let isKnown = false;
    try {
      const written = await this.#write(archive, ended);
      if (!written || !(await this.#replace(ended, written))) return false;
      isKnown = true; // by the database, if it can be reached
      await this.client.query('COMMIT');
      await archive.publish(written.checksum);
    } finally {
      if (!isKnown) await archive.discard();
    }
    this.options.log.info({ ...ended }, 'archived');
    return true;
  }

  /** Writes what the database has of the sale, as it is at one moment. Resolves to undefined if the sale has to stay. */
  async #write(archive: Archive, { saleId, endedAt }: Ended): Promise<Written | undefined> {
    await this.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { sale, stock, skus } = (await this.#rows<Whole>(SALE_SQL, [saleId]))[0]!;
    const { hindrances, figures } = await this.#state(saleId, skus);
    if (hindrances.length > 0) {
      await this.client.query('ROLLBACK');
      this.options.log.info({ saleId, endedAt, has: hindrances }, 'stays');
      return undefined;
    }
    const final = await audit(this.client, saleId);
    await archive.begin();
    for (const [table, sql] of Object.entries(LINES_SQL))
      await archive.write(table, this.#lines(sql, saleId));
    await this.client.query('COMMIT');
    const checksum = await archive.complete({ saleId, endedAt, sale, stock, audit: final });
    return { skus, figures, audit: final, checksum };
  }

  /** Begins to put the archive in the place of the sale. Resolves to false if the sale has changed since it was written. */
  async #replace({ saleId, endedAt }: Ended, written: Written): Promise<boolean> {
    await this.client.query('BEGIN');
    const closed = await this.client.query(CLOSE_SQL, [saleId, this.options.days]);
    const now = closed.rowCount === 1 ? await this.#state(saleId, written.skus) : undefined;
    if (now?.figures !== written.figures || now.hindrances.length > 0) {
      await this.client.query('ROLLBACK');
      this.options.log.info({ saleId, endedAt }, 'has changed meanwhile: stays for now');
      return false;
    }
    await this.client.query(ARCHIVED_SQL, [saleId, JSON.stringify(written.audit), written.checksum]);
    for (const sql of REMOVE_SALE_SQL) await this.client.query(sql, [saleId]);
    return true;
  }

  /** Deletes what the archive has: as fast as others allow, since it rests as long as it works. */
  async #prune(saleId: string, manifestSha256: string): Promise<boolean> {
    const archive = new Archive(this.options.directory, saleId);
    await archive.publish(manifestSha256);
    await archive.confirm(manifestSha256);
    let rows = 0;
    for (const sql of PRUNE_SQL) {
      for (let deleted = BATCH; deleted >= BATCH; rows += deleted) {
        const began = performance.now();
        deleted = (await this.client.query(sql, [saleId])).rowCount!;
        await sleep(performance.now() - began);
      }
    }
    await this.client.query(PRUNED_SQL, [saleId]);
    this.options.log.info({ saleId, rows }, 'pruned');
    return true;
  }

  async #state(saleId: string, skus: readonly string[]): Promise<State> {
    const { orders, deadLetters } = await unsettledOf(this.options.shards, saleId, skus);
    const [{ hindrances, figures }] = (await this.#rows<State>(STATE_SQL, [saleId])) as [State];
    return {
      figures,
      hindrances: [
        ...hindrances,
        ...(orders > 0 ? ['queued orders'] : []),
        ...(deadLetters > 0 ? ['dead letters'] : []),
      ],
    };
  }

  async *#lines(sql: string, saleId: string): AsyncGenerator<string[]> {
    await this.client.query(`DECLARE lines NO SCROLL CURSOR FOR ${sql}`, [saleId]);
    for (;;) {
      const rows = await this.#rows<{ line: string }>(`FETCH ${FETCHED} FROM lines`, []);
      if (rows.length > 0) yield rows.map(({ line }) => line);
      if (rows.length < FETCHED) break;
    }
    await this.client.query('CLOSE lines');
  }

  async #rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<Row[]> {
    return (await this.client.query<Row>(sql, values)).rows;
  }
}

/** What was written, and what it was made of. */
interface Written {
  readonly skus: readonly string[];
  readonly figures: string;
  readonly audit: object;
  /** Of the manifest. */
  readonly checksum: string;
}

interface Whole {
  readonly sale: object;
  readonly stock: readonly object[];
  readonly skus: readonly string[];
}

interface State {
  /** Why the sale has to stay. */
  readonly hindrances: readonly string[];
  /** They change with all that may change of it. */
  readonly figures: string;
}
