import type { OrderRequest } from '@app/orders';
import type { HistoryEvent } from '../faults/history.js';
import type { Servers } from '../servers.js';

/** Where a process may be halted: it waits there until it is told to go on, or never hears of it. */
export type Point =
  | 'granted'
  | 'read'
  /** after the last look at the lease, before the statement that writes leaves the process */
  | 'writing'
  | 'committed';

/** How a process of the lab asks for a lock. Durations are in milliseconds. */
export interface Locking {
  readonly driver: string;
  readonly ttl: number;
  readonly wait: number;
  /** Whether the lease's token guards the write, and waiters may therefore take over early. */
  readonly fence: boolean;
  /** A grant counts once so many replicas of the Redis have it (`WAIT`), and is given back if they do not. */
  readonly replicas?: number;
}

export interface CheckoutTask extends Locking {
  readonly order: OrderRequest;
}

/** How a checkout ended: settled, or with the code or name of an error that left nothing settled. */
export type CheckoutResult =
  { readonly status: string; readonly reason?: string } | { readonly error: string };

export interface Setup {
  readonly name: string;
  readonly servers: Servers;
}

/** What the lab asks of its processes. */
export interface ActorCalls {
  /** One order, as a worker settles it: lock, read, write, release. No further try if that fails. */
  checkout(task: CheckoutTask): Promise<CheckoutResult>;
}

/** What the processes tell the lab. */
export interface LabCalls {
  ready(): void;
  record(event: HistoryEvent): void;
  /** Resolves when the process may go on. */
  reach(point: Point): Promise<void>;
}
