import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompareResult,
  CompareTarget,
  EtcdLeaseInvalidError,
  SortOrder,
  SortTarget,
  type Etcd3,
  type IRangeResponse,
  type IRequestOp,
} from 'etcd3';
import { persist, RETRY_PAUSE_MS } from './client.js';
import type { Session } from './session.js';

/** The create revision of a key that does not exist. */
const NEVER = '0';

/** What a contender sees of the queue. */
interface View {
  /** Whether its own key is still there. */
  readonly queued: boolean;
  /** The key just ahead. Absent: the contender is the first, and holds the lock. */
  readonly ahead: Buffer | undefined;
  /** The store's revision that this was seen at. */
  readonly revision: bigint;
}

/** One contender's place in the queue of a resource: a key of its own, in order of creation. The first one is the holder. */
export class Place {
  readonly holder = randomUUID();
  readonly #base: string;
  readonly #key: Buffer;
  /** Forbids the key to be created any more. */
  readonly #withdrawn: Buffer;
  #entering: Promise<unknown> = Promise.resolve();
  #unansweredPuts = 0;
  #unansweredDeletions = 0;
  #created = NEVER;

  constructor(
    private readonly etcd: Etcd3,
    readonly session: Session,
    prefix: string,
    resource: string,
  ) {
    // Without its slashes: the keys of `a` are not to be found among those of `a/b`.
    this.#base = `${prefix}/${resource.replace(/[%/]/g, encodeURIComponent)}`;
    this.#key = Buffer.from(`${this.#base}/${this.holder}`);
    this.#withdrawn = Buffer.from(`${prefix}-withdrawn/${this.holder}`);
  }

  /** The revision that created the key: strictly growing along the queue, hence the fencing token. */
  get token(): bigint {
    return BigInt(this.#created);
  }

  /** Joins the queue and sees in the same transaction who is ahead: a free lock takes one round trip. */
  async enter(): Promise<View> {
    const put = persist(async () => {
      this.#unansweredPuts++;
      const answer = await this.etcd.kv.txn({
        compare: [isCreatedAt(this.#key, NEVER), isCreatedAt(this.#withdrawn, NEVER)],
        success: [
          { request_put: { key: this.#key, lease: this.session.lease } },
          { request_range: this.#newestTwo() },
        ],
        failure: [{ request_range: { key: this.#key, keys_only: true } }],
      });
      this.#unansweredPuts--;
      return answer;
    });
    this.#entering = put;
    const { succeeded, header, responses } = await put;
    const { kvs } = responses.at(-1)!.response_range;
    this.#created = kvs[0]?.create_revision ?? NEVER;
    // Not created now: an earlier try did, whose answer got lost. Who is ahead has to be asked for.
    return succeeded ? this.#view({ header, kvs }) : this.look();
  }

  /** Sees who is ahead now. */
  async look(): Promise<View> {
    const range = { ...this.#newestTwo(), max_create_revision: this.#created };
    return this.#view(await persist(() => this.etcd.kv.range(range)));
  }

  /** Proves that the key is still there, as it was created. */
  async isQueued(): Promise<boolean> {
    const { kvs } = await this.etcd.kv.range({ key: this.#key, keys_only: true });
    return kvs[0]?.create_revision === this.#created;
  }

  /**
   * Leaves the queue, wherever it has come to in it; which is the release of a lock that is held.
   * Resolves to whether the place was still there. Rejects when the store does not answer, and goes on trying.
   */
  async leave(): Promise<boolean> {
    await this.#entering.catch(() => undefined);
    try {
      return await persist(() => this.#delete());
    } catch (error) {
      if (error instanceof EtcdLeaseInvalidError) return false; // the key went with its lease
      void this.#leaveLater();
      throw error;
    }
  }

  /** The session may live on for other locks, so nobody else would ever remove the key. */
  async #leaveLater() {
    while (!this.session.lost.aborted) {
      await sleep(RETRY_PAUSE_MS);
      const answered = await this.#delete().then(
        () => true,
        (error: unknown) => error instanceof EtcdLeaseInvalidError,
      );
      if (answered) return;
    }
  }

  async #delete(): Promise<boolean> {
    const remove: IRequestOp[] = [{ request_delete_range: { key: this.#key } }];
    // A put that was not answered may arrive after this, and would block the queue for as long as the session lives.
    const forbid: IRequestOp[] = [{ request_put: { key: this.#withdrawn, lease: this.session.lease } }];
    const operations = this.#unansweredPuts > 0 ? [...remove, ...forbid] : remove;
    const repeated = this.#unansweredDeletions++ > 0;
    const { succeeded } = await this.etcd.kv.txn({
      compare: [isCreatedAt(this.#key, this.#created)],
      success: operations,
      failure: operations,
    });
    this.#unansweredDeletions = 0;
    // Gone already: by an earlier try whose answer got lost, as long as the lease lives.
    return succeeded || (repeated && !this.session.lost.aborted);
  }

  #newestTwo() {
    return {
      key: Buffer.from(`${this.#base}/`),
      range_end: Buffer.from(`${this.#base}0`), // '0' comes right after '/'
      sort_target: SortTarget.Create,
      sort_order: SortOrder.Descend,
      limit: 2,
      keys_only: true,
    };
  }

  #view({ header, kvs: [mine, ahead] }: Pick<IRangeResponse, 'header' | 'kvs'>): View {
    return {
      queued: mine !== undefined && mine.create_revision === this.#created,
      ahead: ahead?.key,
      revision: BigInt(header.revision),
    };
  }
}

const isCreatedAt = (key: Buffer, create_revision: string) => ({
  key,
  target: CompareTarget.Create,
  result: CompareResult.Equal,
  create_revision,
});
