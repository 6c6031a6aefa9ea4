import type { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';

const VISIT = readFileSync(new URL('./visit.lua', import.meta.url), 'utf8');

export type Keys = readonly [inside: string, queue: string, away: string, due: string, room: string];

/** The script as a command. What it does and returns is said at its head. */
interface VisitCommands extends Redis {
  waitingRoomVisit(
    ...args: [...Keys, buyer: string, placeTtl: number, action: 'enter', places: number, opensAt: number]
  ): Promise<[] | [endsAt: number] | [position: number, waiting: number, wait: number, pause: number]>;
  waitingRoomVisit(
    ...args: [...Keys, buyer: string, placeTtl: number, action: 'end-place' | 'leave']
  ): Promise<null>;
}

export function withVisitScript(connection: Redis): VisitCommands {
  if (!('waitingRoomVisit' in connection))
    connection.defineCommand('waitingRoomVisit', { lua: VISIT, numberOfKeys: 5 });
  return connection as VisitCommands;
}
