import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import type { Provider } from './provider.js';
import { apt } from './ways/apt.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';

const mariadb = program({
  names: ['mariadbd'],
  places: ['/usr/sbin', '/usr/libexec', ...homebrewPlaces],
  versionArgs: ['--no-defaults', '--version'],
  minimum: { major: 10, minor: 5 },
});

/** MariaDB wherever a server has to be provided; MYSQL_URL may name a MySQL just as well. */
export const provideMysql = once(() =>
  meetNeed<Provider>('MySQL', [
    urlFromEnvironment('MYSQL_URL'),
    installed(mariadb),
    apt(['mariadb-server'], mariadb),
    homebrew('mariadb', mariadb),
    docker('mariadb:11.8.2'),
  ]),
);
