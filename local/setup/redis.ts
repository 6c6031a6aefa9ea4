import { meetNeed, once, type Way } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import type { Provider, Runnable } from './provider.js';
import { apt } from './ways/apt.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';
import { npmPackage } from './ways/npm-package.js';

const redisVersion = '7.4.2';

const redisServer = program({
  names: ['redis-server', 'valkey-server'],
  places: ['/usr/bin', '/usr/sbin', ...homebrewPlaces],
  versionArgs: ['--version'],
  minimum: { major: 6, minor: 2 }, // what BullMQ recommends
});

const built = npmPackage({
  name: 'redis-memory-server',
  version: '0.17.1',
  prepare: {
    in: 'redis-memory-server',
    script: 'scripts/postinstall.js', // builds Redis from its source
    env: { REDISMS_VERSION: redisVersion, REDISMS_DOWNLOAD_DIR: 'binaries' },
  },
  file: `redis-memory-server/binaries/${redisVersion}/redis-server`,
});
const onMachine = [
  installed(redisServer),
  apt(['redis-server'], redisServer),
  homebrew('redis', redisServer),
];
const privately: Way<Runnable>[] = [...onMachine, docker(`redis:${redisVersion}`), built];

export const provideRedis = once(() =>
  meetNeed<Provider>('Redis', [urlFromEnvironment('REDIS_URL'), ...privately]),
);

/** Several independent servers, whatever REDIS_URL names. */
export const provideRedlock = once(() =>
  meetNeed<Provider>('Redis for redlock', [urlFromEnvironment('REDLOCK_URLS'), ...privately]),
);

/** A server of this run's own, whatever the environment names. */
export const providePrivateRedis = once(() => meetNeed<Runnable>('private Redis', privately));

/** For servers that have to reach each other, or are given a clock of their own: not in a container. */
export const provideRedisProgram = once(() => meetNeed('Redis as a program', [...onMachine, built]));
