import type { BackendUrls } from '../backends.js';
import type { Network } from '../network.js';

/** A driver's real server as the suite uses it: what no driver offers, and only an operator can do or see. */
export interface Store {
  readonly backends: BackendUrls;
  /** What is in the store and who is connected, by kind. Not the observer's own connection. */
  readonly footprint: () => Promise<Record<string, number>>;
  /** Takes the lock from its holder: deletes the key, kills the session. */
  readonly loseLock?: (resource: string) => Promise<void>;
  /** How many wait, as the store sees it: callers, or processes where those of a process queue in its memory. Only where an order is promised. */
  readonly waiters?: (resource: string) => Promise<number>;
  /** Where sessions hold the locks. */
  readonly sessions?: Sessions;
  /** Crashes the server, or as many servers as the driver has to survive. */
  readonly kill?: () => Promise<void>;
  /** Brings back what `kill` ended, with its data. */
  readonly start?: () => Promise<void>;
  /** Crashes the server and brings it back without its data, as a restored backup of long ago does. Where tokens are given. */
  readonly forget?: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A contender's key, node or whatever it queues with. */
export interface Place {
  readonly key: string;
  /** The store's index of its creation. */
  readonly created: bigint;
  readonly session: string;
}

/** A store whose contenders queue with keys that end with their sessions. */
export interface Sessions {
  /** What the server makes of a TTL, in milliseconds. */
  readonly ttls: readonly (readonly [asked: number, granted: number])[];
  /** Those who hold or want a resource, first come first. */
  readonly queue: (resource: string) => Promise<Place[]>;
  readonly alive: () => Promise<string[]>;
  readonly remove: (key: string) => Promise<unknown>;
  /** Ends a session as the server would, if need be while its client is cut off. */
  readonly end: (session: string, network: Network) => Promise<unknown>;
}

/** What follows from seeing the queue. */
export const seenInQueue = ({ queue, remove }: Sessions) => ({
  loseLock: async (resource: string) => void (await remove((await queue(resource))[0]!.key)),
  waiters: async (resource: string) => Math.max((await queue(resource)).length - 1, 0),
});
