export interface Run {
  readonly id: string;
  /** True once the run is being ended on purpose: what dies from now on is no incident. */
  readonly ending: boolean;
  /** Removed when the run ends. */
  readonly directory: string;
  /** Kept for a few runs. */
  readonly logs: string;
  /** Registers a process (or the group it leads) that must not outlive this run; servers stop after all others. */
  endAtLatest(pid: number, how?: { group?: boolean; signal?: NodeJS.Signals; stopLast?: boolean }): void;
  /** Registers a file or directory that must not outlive this run. */
  removeAtEnd(path: string): void;
}
export function currentRun(): Run;
export function endRun(): Promise<void>;
