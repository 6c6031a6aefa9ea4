import { join } from 'node:path';
import { localDirectory } from '../paths.mjs';
import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import type { Provider } from './provider.js';
import { apt } from './ways/apt.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';
import { release } from './ways/release.js';

const version = '3.5.21';
const downloads = `https://github.com/etcd-io/etcd/releases/download/v${version}`;
const localBin = join(localDirectory, 'bin');

const etcd = program({
  names: ['etcd'],
  places: [localBin, '/usr/bin', ...homebrewPlaces],
  versionArgs: ['--version'],
  minimum: { major: 3, minor: 4 },
});

const onMachine = [installed(etcd), apt(['etcd-server'], etcd), homebrew('etcd', etcd)];
const downloaded = release({
  name: 'etcd',
  version,
  directory: localBin,
  archives: {
    'linux-x64': {
      url: `${downloads}/etcd-v${version}-linux-amd64.tar.gz`,
      sha256: 'adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c',
    },
    'linux-arm64': {
      url: `${downloads}/etcd-v${version}-linux-arm64.tar.gz`,
      sha256: '95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f',
    },
  },
});

export const provideEtcd = once(() =>
  meetNeed<Provider>('etcd', [
    urlFromEnvironment('ETCD_URLS'),
    ...onMachine,
    docker(`quay.io/coreos/etcd:v${version}`),
    downloaded,
  ]),
);

/** For members that have to reach each other: not in a container. */
export const provideEtcdProgram = once(() => meetNeed('etcd as a program', [...onMachine, downloaded]));
