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

/** What acquire() in `permits.lua` returns. */
export type RawAnswer = [granted: 0 | 1, last: string, runsOutIn: number];

/** The scripts as commands. What they return is said at the head of each `.lua` file. */
export interface LockCommands {
  lockAcquire(...args: [...Keys, ...Args]): Promise<RawAnswer>;
  lockExtend(...args: [...Keys, ...Args]): Promise<0 | 1>;
  lockRelease(
    ...args: [...Keys, ...Args, ...([] | [nextHolder: string, nextTtl: number])]
  ): Promise<[wasOurs: 0 | 1, ...answer: RawAnswer]>;
  lockReseed(...args: [...Keys, above: string]): Promise<null>;
}
