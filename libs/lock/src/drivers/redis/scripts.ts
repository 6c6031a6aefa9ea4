import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

const handOver = readFileSync(new URL('./hand-over.lua', import.meta.url), 'utf8');
const script = (lua: string) => ({ lua: handOver + lua, numberOfKeys: 3 });

/** For the `scripts` option of ioredis, which sends EVALSHA and loads the script where the server has lost it. */
export const scripts = {
  lockAcquire: script(readFileSync(new URL('./acquire.lua', import.meta.url), 'utf8')),
  lockExtend: script(readFileSync(new URL('./extend.lua', import.meta.url), 'utf8')),
  lockRelease: script(readFileSync(new URL('./release.lua', import.meta.url), 'utf8')),
  lockReseed: script(readFileSync(new URL('./reseed.lua', import.meta.url), 'utf8')),
};

export type Keys = readonly [lock: string, queue: string, token: string];

/** The scripts as commands. What they take and return is said at the head of each `.lua` file. */
export interface LockCommands extends Redis {
  lockAcquire(
    ...args: [...keys: Keys, holder: string, ttl: number, channelPrefix: string, claimTtl: number]
  ): Promise<[token: string] | [token: null, runsOutIn: number]>;
  lockExtend(...args: [...keys: Keys, holder: string, ttl: number]): Promise<string | null>;
  lockRelease(
    ...args: [...keys: Keys, holder: string, channelPrefix: string, claimTtl: number]
  ): Promise<0 | 1>;
  lockReseed(...args: [...keys: Keys, above: string]): Promise<null>;
}
