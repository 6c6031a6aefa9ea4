import { join } from 'node:path';
import { localDirectory } from '../paths.mjs';
import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import type { Runnable } from './provider.js';
import { docker } from './ways/docker.js';
import { fileFromEnvironment } from './ways/environment.js';
import { goInstall } from './ways/go-install.js';
import { installed } from './ways/installed.js';
import { release } from './ways/release.js';

const version = '1.7.1';
const downloads = `https://github.com/grafana/k6/releases/download/v${version}`;
const localBin = join(localDirectory, 'bin');

const k6 = program({
  names: ['k6'],
  places: [localBin, ...homebrewPlaces],
  versionArgs: ['version'],
  minimum: { major: 1, minor: 0 }, // runs TypeScript as it is
});

export const provideK6 = once(() =>
  meetNeed<Runnable>('k6', [
    fileFromEnvironment('K6_BIN'),
    installed(k6),
    release({
      name: 'k6',
      version,
      directory: localBin,
      archives: {
        'linux-x64': {
          url: `${downloads}/k6-v${version}-linux-amd64.tar.gz`,
          sha256: 'cc127a656f734f8ea1e89f8a417777905ae6a93d42f3e763e95313518180655b',
        },
        'linux-arm64': {
          url: `${downloads}/k6-v${version}-linux-arm64.tar.gz`,
          sha256: '5a91fa37d89d1fe776aea590d689029ffc2d2f2634a6c61eb51c982ff50700d7',
        },
        'darwin-x64': {
          url: `${downloads}/k6-v${version}-macos-amd64.zip`,
          sha256: 'f6933670ddccb924d48815992e44e0ee1b040d814c5e5580b9bdebce71019c40',
        },
        'darwin-arm64': {
          url: `${downloads}/k6-v${version}-macos-arm64.zip`,
          sha256: '9cace748ebeddb92432f606c6c53d964772176fdf1a0ebb4db5ead3df39ba761',
        },
      },
    }),
    goInstall({ module: 'go.k6.io/k6', version, directory: localBin }),
    docker(`grafana/k6:${version}`),
  ]),
);
