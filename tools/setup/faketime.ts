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
    const below = parents
      .filter((parent) => existsSync(parent))
      .flatMap((parent) => [parent, ...readdirSync(parent).map((name) => join(parent, name))]);
    const found = below
      .map((directory) => join(directory, 'faketime', library))
      .find((file) => existsSync(file));
    if (!found) throw new Unavailable(`no faketime/${library} below ${parents.join(' or ')}`);
    return { value: { library: found }, because: found };
  },
};

export const provideFaketime = once(() =>
  meetNeed('a clock that can jump', [installed(faketime), apt(['faketime'], faketime)]),
);
