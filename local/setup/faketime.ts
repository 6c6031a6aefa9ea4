import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { meetNeed, once, Unavailable } from './meet-need.js';
import type { Sought } from './program.js';
import { apt } from './ways/apt.js';
import { installed } from './ways/installed.js';

const library = 'libfaketimeMT.so.1';
const parents = ['/usr/lib', '/usr/local/lib'];

/** Preloaded into a program, it tells the time that a file says. */
const faketime: Sought<{ library: string }> = {
  name: 'libfaketime',
  async find() {
    const directories = parents.flatMap((parent) => [parent, ...directoriesIn(parent)]);
    const files = directories.map((directory) => join(directory, 'faketime', library));
    const found = files.find((file) => existsSync(file));
    if (!found) throw new Unavailable(`no faketime/${library} below ${parents.join(' or ')}`);
    return { value: { library: found }, because: found };
  },
};

const directoriesIn = (parent: string) =>
  existsSync(parent) ? readdirSync(parent).map((name) => join(parent, name)) : [];

export const provideFaketime = once(() =>
  meetNeed('a clock that can jump', [installed(faketime), apt(['faketime'], faketime)]),
);
