import { readFileSync } from 'node:fs';
import { luaCommand } from './lua-command.js';

/** What is the same in every call of one driver. `settings.lua` says what each means. */
export type Settings = Readonly<{
  permits: number;
  tokens: number;
  claimTtl: number;
  channelPrefix: string;
  countListeners: boolean;
}>;

const read = (file: URL) => readFileSync(file, 'utf8');
// Spelled out one by one: the bundler takes along what it finds in this form.
const FILES = {
  'acquire.lua': read(new URL('./acquire.lua', import.meta.url)),
  'extend.lua': read(new URL('./extend.lua', import.meta.url)),
  'release.lua': read(new URL('./release.lua', import.meta.url)),
  'reseed.lua': read(new URL('./reseed.lua', import.meta.url)),
  'settings.lua': read(new URL('./includes/settings.lua', import.meta.url)),
  'keys.lua': read(new URL('./includes/keys.lua', import.meta.url)),
  'permit.lua': read(new URL('./includes/permit.lua', import.meta.url)),
  'queue.lua': read(new URL('./includes/queue.lua', import.meta.url)),
};

export function scriptsWith(settings: Settings) {
  const command = (file: keyof typeof FILES) => ({
    lua: luaCommand(file, FILES, settings),
    numberOfKeys: 3,
  });
  return {
    lockAcquire: command('acquire.lua'),
    lockExtend: command('extend.lua'),
    lockRelease: command('release.lua'),
    lockReseed: command('reseed.lua'),
  };
}

export type Keys = readonly [holders: string, queue: string, token: string];

/** What `acquire.lua` returns. */
export type RawAnswer = string | [last: string, runsOutIn: number];

/** The scripts as commands. What they return is said at the head of each `.lua` file. */
export interface LockCommands {
  lockAcquire(...args: [...Keys, holder: string, ttl: number]): Promise<RawAnswer>;
  lockExtend(...args: [...Keys, holder: string, ttl: number]): Promise<0 | 1>;
  lockRelease(...args: [...Keys, holder: string]): Promise<0 | 1>;
  lockRelease(
    ...args: [...Keys, holder: string, nextHolder: string, nextTtl: number]
  ): Promise<[wasOurs: 0 | 1, answer: RawAnswer]>;
  lockReseed(...args: [...Keys, above: string]): Promise<null>;
}
