export function startOf(pid: number): string | undefined;
export function isAlive(recorded: { pid: number; started?: string }): boolean;
export function childrenOf(parent: number): { pid: number; started: string }[];
export function endAll(
  entries: { pid: number; started?: string; group?: boolean; signal: NodeJS.Signals }[],
  graceMs: number,
): Promise<void>;
