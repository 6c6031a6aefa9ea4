import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import type { Provider } from './provider.js';
import { apt } from './ways/apt.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';

const etcd = program({
  names: ['etcd'],
  places: ['/usr/bin', ...homebrewPlaces],
  versionArgs: ['--version'],
  minimum: { major: 3, minor: 4 },
});

export const provideEtcd = once(() =>
  meetNeed<Provider>('etcd', [
    urlFromEnvironment('ETCD_URLS'),
    installed(etcd),
    apt(['etcd-server'], etcd),
    homebrew('etcd', etcd),
    docker('quay.io/coreos/etcd:v3.5.21'),
  ]),
);
