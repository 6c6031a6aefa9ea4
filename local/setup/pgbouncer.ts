import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import { apt } from './ways/apt.js';
import { fileFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';

const places = ['/usr/sbin', '/usr/bin', ...homebrewPlaces];

const pgbouncer = program({
  names: ['pgbouncer'],
  places,
  versionArgs: ['--version'],
  minimum: { major: 1, minor: 18 },
});

export const providePgbouncer = once(() =>
  meetNeed('PgBouncer', [
    fileFromEnvironment('PGBOUNCER_BIN'),
    installed(pgbouncer),
    apt(['pgbouncer'], pgbouncer),
    homebrew('pgbouncer', pgbouncer),
  ]),
);

/** Whether it is here already, for tests that do not install it. */
export const hasPgbouncer = (): boolean =>
  process.env.PGBOUNCER_BIN !== undefined || places.some((place) => existsSync(join(place, 'pgbouncer')));
