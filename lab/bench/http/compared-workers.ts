/** One way to settle what the API accepts. */
export interface ComparedWorker {
  readonly name: string;
  readonly strategy: string;
  /** Whether it has to keep the promises of a sale. */
  readonly safe: boolean;
  /** Orders are announced as reserved and go nowhere: the ceiling of the API and the queue. */
  readonly idle?: boolean;
}

export const COMPARED_WORKERS: readonly ComparedWorker[] = [
  { name: 'redis', strategy: 'redis', safe: true },
  { name: 'redis-counter', strategy: 'redis-counter', safe: true },
  { name: 'lock-off', strategy: 'none', safe: false },
  { name: 'do-nothing worker', strategy: 'redis', safe: false, idle: true },
];

/** The open-loop run is this much shorter than the closed one. */
export const STEADY_SHARE = 0.7;

/** The overload lasts this many times as long: a minute unless told otherwise. */
export const OVERLOAD_SHARE = 4;
