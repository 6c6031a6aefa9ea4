import { join } from 'node:path';
import { localDirectory } from '../paths.mjs';
import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import type { Provider } from './provider.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';

const version = '1.21.0';
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
  ]),
);
