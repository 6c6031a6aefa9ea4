import { readFileSync } from 'node:fs';

/** What is the same in every call of one driver. `permits.lua` says what it means. */
export interface Settings {
  readonly permits: number;
  readonly tokens: number;
  readonly claimTtl: number;
  readonly channelPrefix: string;
  readonly countListeners: boolean;
}

const permitsLua = readFileSync(new URL('./permits.lua', import.meta.url), 'utf8');
const acquireLua = readFileSync(new URL('./acquire.lua', import.meta.url), 'utf8');
const extendLua = readFileSync(new URL('./extend.lua', import.meta.url), 'utf8');
const releaseLua = readFileSync(new URL('./release.lua', import.meta.url), 'utf8');
const reseedLua = readFileSync(new URL('./reseed.lua', import.meta.url), 'utf8');

export function scriptsWith({ permits, tokens, claimTtl, channelPrefix, countListeners }: Settings) {
  const settings = `local PERMITS, TOKENS, CLAIM_TTL, CHANNEL_PREFIX, COUNT_LISTENERS = ${permits}, ${tokens}, ${claimTtl}, ${JSON.stringify(channelPrefix)}, ${countListeners}\n`;
  const script = (lua: string) => ({ lua: settings + permitsLua + lua, numberOfKeys: 3 });
  return {
    lockAcquire: script(acquireLua),
    lockExtend: script(extendLua),
    lockRelease: script(releaseLua),
    lockReseed: script(reseedLua),
  };
}

export type Keys = readonly [holders: string, queue: string, token: string];

/** What acquire() in `permits.lua` returns. */
export type RawAnswer = [granted: 0 | 1, last: string, runsOutIn: number];

type Next = [] | [nextHolder: string, nextTtl: number];

/** The scripts as commands. What they return is said at the head of each `.lua` file. */
export interface LockCommands {
  lockAcquire(...args: [...Keys, holder: string, ttl: number]): Promise<RawAnswer>;
  lockExtend(...args: [...Keys, holder: string, ttl: number]): Promise<0 | 1>;
  lockRelease(
    ...args: [...Keys, holder: string, ttl: number, ...Next]
  ): Promise<[wasOurs: 0 | 1, ...answer: RawAnswer]>;
  lockReseed(...args: [...Keys, above: string]): Promise<null>;
}
