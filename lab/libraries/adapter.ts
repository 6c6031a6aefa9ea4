import type { Backend } from '../servers.js';

/** What a lock is held to. What it does not promise is tried all the same, and told. */
export interface LockPromises {
  /** What gives the lock to others when its holder is gone; `ttl` unless given. */
  readonly freedBy?: 'ttl' | 'connection' | 'nobody';
  /** It outlives its TTL while its holder lives. */
  readonly extends?: boolean;
  /** Its grants carry fencing tokens that grow; the sale then checks them. */
  readonly token?: boolean;
  /** `lost` aborts, or `isLost` says so, once the lock may be somebody else's. */
  readonly tellsLoss?: boolean;
  /** `isLost` reads the clock: it is right even when the event loop was blocked. */
  readonly readsClock?: boolean;
  /** A release frees nobody else's lock. */
  readonly ownerChecked?: boolean;
  /** Waiting ends when `signal` aborts, and is not granted later. */
  readonly cancels?: boolean;
  /** It is still held when one server of its store is replaced by an empty one. */
  readonly survivesFailover?: boolean;
}

/** A granted lock. */
export interface Held {
  /** The fencing token, where there is one. */
  readonly token?: bigint;
  /** Aborts when the lock tells that it is lost, where it can. */
  readonly lost?: AbortSignal;
  /** What the lock answers a holder who asks right before he writes, where he can. */
  isLost?(): boolean;
  /** Rejects, or resolves to false, where it says that the lock was no longer ours. */
  release(): Promise<unknown>;
}

/** A lock with its connection to the store. Durations are in milliseconds. */
export interface OpenLock {
  acquire(
    resource: string,
    options: { readonly ttl: number; readonly wait: number; readonly signal?: AbortSignal },
  ): Promise<Held>;
  close?(): unknown;
}

/** A lock of anybody's, as the lab drives it: what a module for `--lock` exports as its default. */
export interface LockAdapter {
  /** The server that it needs; the lab starts one. */
  readonly store: Backend;
  readonly promises?: LockPromises;
  /** @param url of the server; `redlock` is five of Redis, with commas between their URLs */
  open(url: string): OpenLock | Promise<OpenLock>;
}

export type Open = LockAdapter['open'];
