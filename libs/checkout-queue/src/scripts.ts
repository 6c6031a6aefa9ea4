import type { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';

const read = (file: URL) => readFileSync(file, 'utf8');
// Spelled out one by one: the bundler takes along what it finds in this form.
const ANNOUNCE = read(new URL('./announce.lua', import.meta.url));
const REOPEN = read(new URL('./reopen.lua', import.meta.url));
const GIVE_BACK = read(new URL('./give-back.lua', import.meta.url));
const RECOUNT = read(new URL('./recount.lua', import.meta.url));

/** The scripts of {@link announce}, {@link reopen}, {@link giveBack} and {@link recount} as commands. What they return is said at the head of each `.lua` file. */
interface OutcomeCommands extends Redis {
  checkoutAnnounce(...args: (string | number)[]): Promise<number>;
  checkoutReopen(...args: (string | number)[]): Promise<0 | 1>;
  checkoutGiveBack(...args: (string | number)[]): Promise<null>;
  checkoutRecount(...args: (string | number)[]): Promise<number | null>;
}

export function outcomeCommands(connection: Redis): OutcomeCommands {
  if (!('checkoutAnnounce' in connection)) {
    connection.defineCommand('checkoutAnnounce', { lua: ANNOUNCE, numberOfKeys: 10 });
    connection.defineCommand('checkoutReopen', { lua: REOPEN, numberOfKeys: 2 });
    connection.defineCommand('checkoutGiveBack', { lua: GIVE_BACK, numberOfKeys: 1 });
    connection.defineCommand('checkoutRecount', { lua: RECOUNT, numberOfKeys: 2 });
  }
  return connection as OutcomeCommands;
}

/** Loads all scripts that are defined on a connection, those of BullMQ included, into the server that it leads to. */
export async function loadScripts(connection: Redis): Promise<void> {
  const scripts: { readonly lua: string }[] = Object.values(connection.scriptsSet);
  await Promise.all(scripts.map(({ lua }) => connection.script('LOAD', lua)));
}
