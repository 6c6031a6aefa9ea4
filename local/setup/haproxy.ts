import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import { apt } from './ways/apt.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';

const haproxy = program({
  names: ['haproxy'],
  places: ['/usr/sbin', ...homebrewPlaces],
  versionArgs: ['-v'],
  minimum: { major: 2, minor: 6 },
});

/** For the tests of its configuration in deploy/haproxy. */
export const provideHaproxy = once(() =>
  meetNeed('HAProxy', [installed(haproxy), apt(['haproxy'], haproxy), homebrew('haproxy', haproxy)]),
);
