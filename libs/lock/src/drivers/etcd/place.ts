import {
  CompareResult,
  CompareTarget,
  EtcdLeaseInvalidError,
  SortOrder,
  SortTarget,
  type Etcd3,
  type IRangeResponse,
  type IRequestOp,
  type ITxnRequest,
} from 'etcd3';
import { QueuedKey, type View } from '../../recipes/queued-key.js';
import { isUnanswered } from './client.js';
import type { Deletions } from './deletions.js';
import type { Session } from './session.js';

/** The create revision of a key that does not exist. */
const NEVER = '0';

export interface Ahead {
  readonly key: Buffer;
  /** The store's revision that it was seen at. */
  readonly seenAt: bigint;
}

/** A resource's own part of the names of its keys. Without its slashes: those of `a` are not to be found among those of `a/b`. */
const partOf = (resource: string) => resource.replace(/[%/]/g, encodeURIComponent);

/** The key of what a resource's tokens count from; there where it was raised once. */
export const baseKeyOf = (prefix: string, resource: string) =>
  Buffer.from(`${prefix}-base/${partOf(resource)}`);
export const baseIn = ({ kvs: [base] }: Pick<IRangeResponse, 'kvs'>) => BigInt(base?.value.toString() ?? 0);

/** A key under the session's lease; its create revision is the place in the queue, and makes the token. */
export class EtcdPlace extends QueuedKey<Ahead> {
  readonly #queue: string;
  readonly #key: Buffer;
  /** Forbids the key to be created any more. */
  readonly #withdrawn: Buffer;
  readonly #baseKey: Buffer;
  #created = NEVER;
  #base = 0n;

  constructor(
    private readonly etcd: Etcd3,
    private readonly deletions: Deletions,
    override readonly session: Session,
    prefix: string,
    resource: string,
  ) {
    super(session, isUnanswered);
    this.#queue = `${prefix}/${partOf(resource)}`;
    this.#key = Buffer.from(`${this.#queue}/${this.holder}`);
    this.#baseKey = baseKeyOf(prefix, resource);
    this.#withdrawn = Buffer.from(`${prefix}-withdrawn/${this.holder}`);
  }

  get token(): bigint {
    return this.#base + BigInt(this.#created);
  }

  /** Sees in the same transaction who is ahead, and what the tokens count from: a free lock takes one round trip. */
  protected async create(): Promise<View<Ahead>> {
    const done = await this.#transact({
      compare: [isCreatedAt(this.#key, NEVER), isCreatedAt(this.#withdrawn, NEVER)],
      success: [
        { request_put: { key: this.#key, lease: this.session.lease } },
        { request_range: { key: this.#baseKey } },
        { request_range: this.#newestTwo() },
      ],
      failure: [
        { request_range: { key: this.#baseKey } },
        { request_range: { key: this.#key, keys_only: true } },
      ],
    });
    if (!done) return { queued: false, ahead: undefined };
    const { succeeded, header, responses } = done;
    const [base, queue] = responses.slice(-2).map(({ response_range }) => response_range);
    const { kvs } = queue!;
    this.#base = baseIn(base!);
    this.#created = kvs[0]?.create_revision ?? NEVER;
    // Not created now: an earlier try did, whose answer got lost. Who is ahead has to be asked for.
    return succeeded ? this.#view({ header, kvs }) : this.view();
  }

  protected async view(): Promise<View<Ahead>> {
    return this.#view(await this.etcd.kv.range({ ...this.#newestTwo(), max_create_revision: this.#created }));
  }

  wait({ key, seenAt }: Ahead, signals: readonly AbortSignal[]) {
    return this.deletions.next(key, seenAt + 1n, signals);
  }

  async isQueued(): Promise<boolean> {
    const { kvs } = await this.etcd.kv.range({ key: this.#key, keys_only: true });
    return kvs[0]?.create_revision === this.#created;
  }

  protected async remove(forbid: boolean): Promise<boolean> {
    const operations: IRequestOp[] = [{ request_delete_range: { key: this.#key } }];
    if (forbid) operations.push({ request_put: { key: this.#withdrawn, lease: this.session.lease } });
    const compare = [isCreatedAt(this.#key, this.#created)];
    const done = await this.#transact({ compare, success: operations, failure: operations });
    return done?.succeeded ?? false;
  }

  /** Resolves to nothing when the lease is gone, and the key with it. */
  async #transact(request: ITxnRequest) {
    return this.etcd.kv.txn(request).catch((error: unknown) => {
      if (!(error instanceof EtcdLeaseInvalidError)) throw error;
      void this.session.end();
      return undefined;
    });
  }

  #newestTwo() {
    return {
      key: Buffer.from(`${this.#queue}/`),
      range_end: Buffer.from(`${this.#queue}0`), // '0' comes right after '/'
      sort_target: SortTarget.Create,
      sort_order: SortOrder.Descend,
      limit: 2,
      keys_only: true,
    };
  }

  #view({ header, kvs: [mine, ahead] }: Pick<IRangeResponse, 'header' | 'kvs'>): View<Ahead> {
    return {
      queued: mine !== undefined && mine.create_revision === this.#created,
      ahead: ahead && { key: ahead.key, seenAt: BigInt(header.revision) },
    };
  }
}

const isCreatedAt = (key: Buffer, create_revision: string) => ({
  key,
  target: CompareTarget.Create,
  result: CompareResult.Equal,
  create_revision,
});
