import { readFileSync } from 'node:fs';

const permits = readFileSync(new URL('./permits.lua', import.meta.url), 'utf8');
const script = (lua: string) => ({ lua: permits + lua, numberOfKeys: 3 });

export const scripts = {
  lockAcquire: script(readFileSync(new URL('./acquire.lua', import.meta.url), 'utf8')),
  lockExtend: script(readFileSync(new URL('./extend.lua', import.meta.url), 'utf8')),
  lockRelease: script(readFileSync(new URL('./release.lua', import.meta.url), 'utf8')),
  lockReseed: script(readFileSync(new URL('./reseed.lua', import.meta.url), 'utf8')),
};

export type Keys = readonly [holders: string, queue: string, token: string];

/** As `permits.lua` names them. */
export type Args = readonly [
  holder: string,
  ttl: number,
  permits: number,
  claimTtl: number,
  channelPrefix: string,
  countListeners: 0 | 1,
];

/** The scripts as commands. What they return is said at the head of each `.lua` file. */
export interface LockCommands {
  lockAcquire(...args: [...Keys, ...Args]): Promise<[granted: 0 | 1, last: string, runsOutIn: number]>;
  lockExtend(...args: [...Keys, ...Args]): Promise<0 | 1>;
  lockRelease(...args: [...Keys, ...Args]): Promise<0 | 1>;
  lockReseed(...args: [...Keys, above: string]): Promise<null>;
}
