import type { ThinnedLog } from '@app/servers';
import { setMaxListeners } from 'node:events';
import type { Pool } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

/** In milliseconds: between two looks, and for each of the two questions of a look. */
const LOOK_MS = 500;
const PATIENCE_MS = 1_500;

const WRITTEN = { text: 'SELECT pg_current_wal_lsn() AS lsn', query_timeout: PATIENCE_MS };

/** Parameter: marks. How many are replayed: none where nothing is replayed any more, since the replica was promoted. */
const REPLAYED = {
  text: `SELECT count(*)::int AS replayed FROM unnest($1::pg_lsn[]) AS marks (lsn)
    WHERE pg_is_in_recovery() AND lsn <= pg_last_wal_replay_lsn()`,
  query_timeout: PATIENCE_MS,
};

/** Where the log of the primary ended at a time. Whoever has replayed so much has all that was committed before. */
interface Mark {
  readonly at: number;
  readonly lsn: string;
}

/**
 * Knows how old the answers of a replica are at most: by how much of the primary's log it has replayed, so neither clocks nor pauses
 * without writes matter. A replica that does not answer, or was promoted, is not fresh.
 */
export class ReplicaWatch {
  readonly #ending = new AbortController();
  readonly #began = performance.now();
  #marks: Mark[] = [];
  #freshAt = -Infinity;
  #lost = lossToCome();
  readonly #watching: Promise<void>;

  /** @param primary and `replica` with connections that nobody else uses: a look does not wait for what is looked at */
  constructor(
    private readonly primary: Pool,
    private readonly replica: Pool,
    private readonly maxLagMs: number,
    private readonly log: ThinnedLog,
  ) {
    this.#watching = this.#watch();
  }

  /** Aborts when the replica is found not to answer: who waits for it should not. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get isFresh(): boolean {
    return performance.now() - this.#freshAt <= this.maxLagMs;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#watching, this.primary.end(), this.replica.end()]);
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      await this.#look();
      if (signal.aborted) return;
      if (performance.now() - Math.max(this.#freshAt, this.#began) > this.maxLagMs)
        this.log.warn(
          new Error(`is behind by more than ${this.maxLagMs} ms`),
          'the replica of Postgres is not asked',
        );
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const at = performance.now();
    try {
      const { rows } = await this.primary.query<{ lsn: string }>(WRITTEN);
      this.#marks.push({ at, lsn: rows[0]!.lsn });
    } catch {
      return; // what the replica has grows older until the primary can be asked
    }
    try {
      const values = [this.#marks.map(({ lsn }) => lsn)];
      const { rows } = await this.replica.query<{ replayed: number }>({ ...REPLAYED, values });
      const reached = this.#marks.splice(0, rows[0]!.replayed).at(-1);
      if (reached) this.#freshAt = reached.at;
    } catch (error) {
      this.#freshAt = -Infinity;
      this.#lost.abort(error);
      this.#lost = lossToCome();
      this.log.warn(error, 'the replica of Postgres is not asked');
    }
    this.#marks = this.#marks.filter((mark) => at - mark.at <= this.maxLagMs);
  }
}

function lossToCome(): AbortController {
  const loss = new AbortController();
  setMaxListeners(0, loss.signal); // every query under way listens to it
  return loss;
}
