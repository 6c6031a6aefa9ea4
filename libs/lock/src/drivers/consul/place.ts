import { setTimeout as sleep } from 'node:timers/promises';
import { RETRY_PAUSE_MS } from '../../async/persist.js';
import { QueuedKey, type View } from '../../recipes/queued-key.js';
import { isRefused, isUnanswered, type ConsulClient, type Entry, type Operation } from './client.js';
import type { Session } from './session.js';

/** Without news a waiter looks again after this, in seconds. */
const LOOK_AGAIN = 30;

/** A resource's own part of the names of its keys. Without its slashes: those of `a` are not to be found among those of `a/b`. */
const partOf = (resource: string) => resource.replace(/[%/]/g, encodeURIComponent);

/** The key of what a resource's tokens count from; there where it was raised once. */
export const baseKeyOf = (prefix: string, resource: string) => `${prefix}-base/${partOf(resource)}/`;
export const baseIn = (entry?: Entry) => BigInt(entry ? Buffer.from(entry.Value!, 'base64').toString() : 0);

/**
 * A key that the session has locked. Its CreateIndex is the place in the queue and makes the token: an index of the Raft log, it grows
 * from key to key. LockIndex would not do: it counts the locks of one key.
 */
export class ConsulPlace extends QueuedKey<Entry> {
  readonly #queue: string;
  readonly #key: string;
  /** Forbids the key to be created any more. */
  readonly #withdrawn: string;
  readonly #baseKey: string;
  #base = 0n;
  #created: number | undefined;

  constructor(
    private readonly consul: ConsulClient,
    override readonly session: Session,
    prefix: string,
    resource: string,
  ) {
    super(session, isUnanswered);
    this.#queue = `${prefix}/${partOf(resource)}/`;
    this.#key = this.#queue + this.holder;
    this.#baseKey = baseKeyOf(prefix, resource);
    this.#withdrawn = `${prefix}-withdrawn/${this.holder}`;
  }

  get token(): bigint {
    return this.#base + BigInt(this.#created ?? 0);
  }

  /** Sees in the same transaction who is ahead, and what the tokens count from: a free lock takes one round trip. */
  protected async create(): Promise<View<Entry>> {
    try {
      // To lock a key once more by the same session changes nothing that matters: CreateIndex stays.
      const [locked, ...seen] = await this.consul.transact([
        { KV: { Verb: 'check-not-exists', Key: this.#withdrawn } },
        this.#lock(this.#key),
        { KV: { Verb: 'get-tree', Key: this.#baseKey } }, // a `get` of what is not there would refuse it all
        { KV: { Verb: 'get-tree', Key: this.#queue } },
      ]);
      this.#created = locked?.CreateIndex;
      this.#base = baseIn(seen.find(({ Key }) => Key === this.#baseKey));
      return this.#view(seen);
    } catch (error) {
      if (!isRefused(error) || (await this.session.renew())) throw error;
      return { queued: false, ahead: undefined };
    }
  }

  protected async view(): Promise<View<Entry>> {
    return this.#view(await this.consul.list(this.#queue));
  }

  async wait({ Key, ModifyIndex }: Entry, signals: readonly AbortSignal[]) {
    // From the index that was just seen, so that there is none to keep, or to reset when Consul's goes backwards.
    await this.consul.keyChange(Key, ModifyIndex, LOOK_AGAIN, signals).catch(() => sleep(RETRY_PAUSE_MS));
  }

  async isQueued(): Promise<boolean> {
    return (await this.view()).queued;
  }

  protected async remove(forbid: boolean): Promise<boolean> {
    const remove: Operation = { KV: { Verb: 'delete', Key: this.#key } };
    const operations = forbid ? [remove, this.#lock(this.#withdrawn)] : [remove];
    const wasOurs: Operation = { KV: { Verb: 'check-session', Key: this.#key, Session: this.session.id } };
    try {
      await this.consul.transact([wasOurs, ...operations]);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (forbid && !this.session.lost.aborted) await this.consul.transact(operations);
      return false;
    }
  }

  #lock(Key: string): Operation {
    return { KV: { Verb: 'lock', Key, Session: this.session.id } };
  }

  #view(queue: readonly Entry[]): View<Entry> {
    const place = this.#created ?? 0;
    const earlier = queue.filter(({ Key, CreateIndex }) => Key !== this.#baseKey && CreateIndex < place);
    return {
      queued: queue.some(({ Key, CreateIndex }) => Key === this.#key && CreateIndex === place),
      ahead: earlier.toSorted((a, b) => b.CreateIndex - a.CreateIndex)[0],
    };
  }
}
