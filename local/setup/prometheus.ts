import { meetNeed, once } from './meet-need.js';
import { homebrewPlaces, program } from './program.js';
import { fileFromEnvironment } from './ways/environment.js';
import { installed } from './ways/installed.js';

const prometheus = program({
  names: ['prometheus'],
  places: ['/usr/bin', ...homebrewPlaces],
  versionArgs: ['--version'],
  minimum: { major: 2, minor: 42 },
});

/** For the tests of deploy/prometheus and deploy/grafana. It is not installed here: its package starts one for the whole machine. */
export const providePrometheus = once(() =>
  meetNeed('Prometheus', [fileFromEnvironment('PROMETHEUS_BIN'), installed(prometheus)]),
);
