import type { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';

const read = (file: URL) => readFileSync(file, 'utf8');
// Spelled out one by one: the bundler takes along what it finds in this form.
const namesLua = read(new URL('./names.lua', import.meta.url));
const enterLua = read(new URL('./enter.lua', import.meta.url));
const leaveLua = read(new URL('./leave.lua', import.meta.url));

export type Keys = readonly [inside: string, queue: string, away: string, due: string, room: string];

/** The scripts as commands. What they return is said at the head of each `.lua` file. */
interface RoomCommands extends Redis {
  waitingRoomEnter(
    ...args: [...Keys, buyer: string, placeTtl: number, places: number, opensAt: number]
  ): Promise<[] | [endsAt: number] | [position: number, waiting: number, wait: number, pause: number]>;
  waitingRoomLeave(...args: [...Keys, buyer: string, placeTtl: number, stopsWaiting: 0 | 1]): Promise<null>;
}

export function withScripts(connection: Redis): RoomCommands {
  connection.defineCommand('waitingRoomEnter', { lua: namesLua + enterLua, numberOfKeys: 5 });
  connection.defineCommand('waitingRoomLeave', { lua: namesLua + leaveLua, numberOfKeys: 5 });
  return connection as RoomCommands;
}
