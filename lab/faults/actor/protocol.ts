import type { Admission, QueuedOrder } from '@app/checkout-queue';
import type { CriticalSection } from '@app/inventory';
import type { OrderRequest } from '@app/orders';
import type { Servers } from '../../servers.js';
import type { Edit } from '../document.js';
import type { HistoryEvent } from '../history.js';

/** Where a process may be halted: it waits there until it is told to go on, or never hears of it. */
export type Point =
  | 'granted'
  | 'read'
  /** after the last look at the lease, before the statement that writes leaves the process */
  | 'writing'
  | 'committed'
  /** in a transaction: all is written, and its COMMIT has not left */
  | 'uncommitted'
  /** the unlock was done, and its answer is taken for lost: another one follows */
  | 'unlocked'
  /** in a planted semaphore: a permit was seen to be free, and is not taken yet */
  | 'counted'
  /** in a checkout's admission: connected, and nothing is sent yet */
  | 'connected'
  /** in a planted section: the lock was given back, and the transaction is still open */
  | 'released';

/** How a process of the lab asks for a lock. Durations are in milliseconds. */
export interface Locking {
  readonly driver: string;
  readonly ttl: number;
  readonly wait: number;
  /** Whether the lease's token guards the write, and waiters may therefore take over early. */
  readonly fence: boolean;
  /** A grant counts once so many replicas of the Redis have it (`WAIT`), and is given back if they do not. */
  readonly replicas?: number;
  /** The first answer to the release is taken for lost, and the lock is released again. */
  readonly releasedTwice?: boolean;
}

/** What is wrong with a critical section. */
export type PlantedSection =
  | 'planted:commit-after-release'
  | 'planted:fence-not-checked'
  | 'planted:fence-only-in-write'
  | 'planted:token-without-holder';

export interface CheckoutTask extends Locking {
  readonly order: OrderRequest;
  /** A broken critical section in place of the application's. */
  readonly section?: PlantedSection;
  /**
   * Between the read and the last look at the lease the process computes, and does nothing else, until this file is there, or so many
   * milliseconds at most.
   */
  readonly busy?: { readonly file: string; readonly longest: number };
}

/** How a checkout ended: settled, or with the code or name of an error that left nothing settled. */
export type CheckoutResult =
  { readonly status: string; readonly reason?: string } | { readonly error: string };

/** What is left out of a strategy of the database. */
export type PlantedStatement =
  'planted:skipped-is-sold' | 'planted:rows-not-locked' | 'planted:first-failure-is-final';

export interface SellTask {
  readonly order: OrderRequest;
  readonly write: ConstructorParameters<typeof CriticalSection>[1]['write'];
  /** How long Postgres bears with an open transaction in which nothing happens, in milliseconds. */
  readonly idleMs: number;
  readonly defect?: PlantedStatement;
}

/** One edit of a document of the lab. */
export interface EditTask extends Omit<Locking, 'fence'> {
  /** The table that has the document; also what the lock is called. `driver` is a lock, `none` or `optimistic`. */
  readonly table: string;
  readonly edit: Edit;
}

/** An edit that was acknowledged. */
export interface Edited {
  /** Where it belongs among the others: when its lock was granted, or the version that it made. */
  readonly order: number;
  /** How often it found the document changed since it was read, and began anew. */
  readonly retries: number;
}

export interface PermitTask extends Locking {
  readonly resource: string;
  readonly permits: number;
}

/** Checkouts that a process lets into the queue, as an API replica does. */
export interface AdmitTask {
  readonly orders: readonly QueuedOrder[];
  /** The Redis by which orders enter the queue; all else goes to that of the process. */
  readonly entrance: string;
}

/** A wait that is given up while somebody else has the lock. */
export interface GiveUpTask extends Locking {
  readonly resource: string;
  /** After so many milliseconds. */
  readonly afterMs: number;
}

/** The lock taken and given back so often, each time for another resource. */
export interface CycleTask extends Locking {
  readonly resource: string;
  readonly cycles: number;
}

/** What the process has more of than before. */
export interface Leaks {
  readonly timers: number;
  readonly connections: number;
  /** Emitters that Node.js warned of, for the number of their listeners. */
  readonly listeners: number;
}

export interface Setup {
  readonly servers: Servers;
}

/** What the lab asks of its processes. */
export interface ActorCalls {
  /** Loads a lock and opens its connections. */
  open(driver: string): Promise<void>;
  /** One order, as a worker settles it: lock, read, write, release. No further try if that fails. */
  checkout(task: CheckoutTask): Promise<CheckoutResult>;
  /** The same without a lock, in a transaction: the database keeps others away. */
  sell(task: SellTask): Promise<CheckoutResult>;
  /** One edit: read the document, change it, write it back. */
  edit(task: EditTask): Promise<Edited>;
  /** Admits checkouts that arrive at the same time. Resolves to what became of each. */
  admit(task: AdmitTask): Promise<Admission[]>;
  /** Takes a permit of a semaphore and keeps it for as long as it is halted at `granted`. Resolves to the error, if there is one. */
  permit(task: PermitTask): Promise<string | undefined>;
  /** Resolves to whether the wait had ended by then. If the lock is granted later all the same, it is given back at once. */
  giveUp(task: GiveUpTask): Promise<boolean>;
  cycle(task: CycleTask): Promise<Leaks>;
  /** Whether all that was asked of it is done, and all it has begun. */
  isIdle(): Promise<boolean>;
}

/** What the processes tell the lab. */
export interface LabCalls {
  ready(): void;
  record(event: Omit<HistoryEvent, 'actor'>): void;
  /** Resolves when the process may go on. */
  reach(point: Point): Promise<void>;
}
