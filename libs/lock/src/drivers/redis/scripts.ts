import { readFileSync } from 'node:fs';

/** What is the same in every call of one driver. `names.lua` says what it means. */
export interface Settings {
  readonly permits: number;
  readonly tokens: number;
  readonly claimTtl: number;
  readonly channelPrefix: string;
  readonly countListeners: boolean;
}

const read = (file: URL) => readFileSync(file, 'utf8');
// Spelled out one by one: the bundler takes along what it finds in this form.
const namesLua = read(new URL('./names.lua', import.meta.url));
const permitLua = read(new URL('./permit.lua', import.meta.url));
const queueLua = read(new URL('./queue.lua', import.meta.url));
const takeLua = read(new URL('./take.lua', import.meta.url));
const acquireLua = read(new URL('./acquire.lua', import.meta.url));
const extendLua = read(new URL('./extend.lua', import.meta.url));
const giveBackLua = read(new URL('./give-back.lua', import.meta.url));
const releaseLua = read(new URL('./release.lua', import.meta.url));
const reseedLua = read(new URL('./reseed.lua', import.meta.url));

export function scriptsWith({ permits, tokens, claimTtl, channelPrefix, countListeners }: Settings) {
  const settings = `local PERMITS, TOKENS, CLAIM_TTL, CHANNEL_PREFIX, COUNT_LISTENERS = ${permits}, ${tokens}, ${claimTtl}, ${JSON.stringify(channelPrefix)}, ${countListeners}\n`;
  /** What a call rarely needs comes late: where a script returns early, the rest costs nothing. */
  const script = (...parts: string[]) => ({ lua: settings + namesLua + parts.join(''), numberOfKeys: 3 });
  return {
    lockAcquire: script(permitLua, takeLua, queueLua, acquireLua),
    lockExtend: script(permitLua, extendLua),
    lockRelease: script(giveBackLua, permitLua, queueLua, releaseLua),
    lockReseed: script(reseedLua),
  };
}

export type Keys = readonly [holders: string, queue: string, token: string];

/** What acquire() in `queue.lua` returns. */
export type RawAnswer = string | [last: string, runsOutIn: number];

/** The scripts as commands. What they return is said at the head of each `.lua` file. */
export interface LockCommands {
  lockAcquire(...args: [...Keys, holder: string, ttl: number]): Promise<RawAnswer>;
  lockExtend(...args: [...Keys, holder: string, ttl: number]): Promise<0 | 1>;
  lockRelease(...args: [...Keys, holder: string, ttl: number]): Promise<0 | 1>;
  lockRelease(
    ...args: [...Keys, holder: string, ttl: number, nextHolder: string, nextTtl: number]
  ): Promise<[wasOurs: 0 | 1, answer: RawAnswer]>;
  lockReseed(...args: [...Keys, above: string]): Promise<null>;
}
