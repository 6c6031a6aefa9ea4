export function startOf(pid: number): string | undefined;
export function isAlive(recorded: { pid: number; started?: string }): boolean;
