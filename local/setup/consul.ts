import { join } from 'node:path';
import { localDirectory } from '../paths.mjs';
import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import type { Provider } from './provider.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { goBuild } from './ways/go-build.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';
import { release } from './ways/release.js';

const version = '1.21.0';
const downloads = `https://releases.hashicorp.com/consul/${version}`;
const localBin = join(localDirectory, 'bin');

const consul = program({
  names: ['consul'],
  places: [localBin, '/usr/bin', ...homebrewPlaces],
  versionArgs: ['version'],
  minimum: { major: 1, minor: 14 }, // its ports can all be switched off
});

export const provideConsul = once(() =>
  meetNeed<Provider>('Consul', [
    urlFromEnvironment('CONSUL_URL'),
    installed(consul),
    homebrew('hashicorp/tap/consul', consul),
    docker(`hashicorp/consul:${version}`),
    release({
      name: 'consul',
      version,
      directory: localBin,
      archives: {
        'linux-x64': {
          url: `${downloads}/consul_${version}_linux_amd64.zip`,
          sha256: 'e916e30904eedfa7ee2e2a378b5e8a9a374f2f351e645aa4c0a03adc15dabaec',
        },
        'linux-arm64': {
          url: `${downloads}/consul_${version}_linux_arm64.zip`,
          sha256: '59d04f948d4b04a1d836e69a441e4c3ffb74b41f710329c9ba0dc99392b6f2d5',
        },
        'darwin-x64': {
          url: `${downloads}/consul_${version}_darwin_amd64.zip`,
          sha256: 'f8094a72e983503e55b30fe805f2d47fa37f05dd201bfaa782ddf5a8adef7720',
        },
        'darwin-arm64': {
          url: `${downloads}/consul_${version}_darwin_arm64.zip`,
          sha256: '1f37d1e98131af0b6b3042c8e484473843704efa8815959e745ac50b81b905a9',
        },
      },
    }),
    goBuild({ module: 'github.com/hashicorp/consul', version, directory: localBin, minutes: 5 }),
  ]),
);
