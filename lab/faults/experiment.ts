import type { ServerName } from '../../local/services/services.js';
import type { Expectation, Observation } from './cell.js';
import type { Scene } from './scene.js';

/** What a run of one cell is told. */
export interface CellOptions {
  /** In milliseconds. */
  readonly ttl: number;
  readonly scene: Scene;
  /** How often a lock is taken and given back where leaks are looked for. */
  readonly cycles: number;
  readonly progress: (line: string) => void;
}

/** One experiment with one lock, with the fence or without it: what is expected, and how to find out. */
export interface CellPlan {
  readonly driver: string;
  readonly fence: boolean;
  /** What sets it apart from other cells with the same lock. */
  readonly variant?: string;
  /** Absent: nothing is promised, and whatever is seen is told. */
  readonly expected?: Expectation;
  /** The shared servers it uses besides Postgres, which keeps the ledger. What it breaks it starts itself. */
  readonly needs: readonly ServerName[];
  run(options: CellOptions): Promise<Observation>;
}

/** A claim about locks, and the cells that show it. */
export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** What is done, what is seen and what it means, for somebody who reads the report. */
  readonly explanation: string;
  /** Where the claim comes from. */
  readonly sources: readonly { readonly title: string; readonly url: string }[];
  /** Cells that run at the same time at most. */
  readonly atOnce: number;
  readonly cells: readonly CellPlan[];
  /** Given where the same is asked of every lock: its cells make one table. */
  readonly scoreboard?: Scoreboard;
}

export interface Scoreboard {
  /** Which version of a lock is there. @throws {ExpectedError} it is not */
  readonly versionOf: (driver: string) => string;
  /** What each variant asks of a lock; a yes is a guarantee. */
  readonly questions: Readonly<Record<string, string>>;
}
