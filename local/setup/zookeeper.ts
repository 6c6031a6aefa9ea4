import { existsSync, readdirSync } from 'node:fs';
import { meetNeed, once, Unavailable } from './meet-need.js';
import { findProgram, type Sought } from './program.js';
import { apt } from './ways/apt.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';

/** ZooKeeper is no program but a set of jars. */
export interface Jars {
  java: string;
  classpath: string;
}

const java = {
  names: ['java'],
  places: [
    '/opt/homebrew/opt/openjdk/bin',
    '/usr/local/opt/openjdk/bin',
    '/home/linuxbrew/.linuxbrew/opt/openjdk/bin',
  ],
  versionArgs: ['--version'],
  minimum: { major: 11, minor: 0 },
};

const debian = '/usr/share/java';
/** Where its jars may lie, and what of them goes on the class path. Debian's jar names the others in its manifest. */
const places: { directory: string; classpath: string }[] = [
  { directory: debian, classpath: `${debian}/zookeeper.jar:${debian}/slf4j-simple.jar` },
  ...[
    '/opt/zookeeper/lib',
    '/opt/homebrew/opt/zookeeper/libexec/lib',
    '/usr/local/opt/zookeeper/libexec/lib',
    '/home/linuxbrew/.linuxbrew/opt/zookeeper/libexec/lib',
  ].map((directory) => ({ directory, classpath: `${directory}/*` })),
];

const zookeeper: Sought<Jars> = {
  name: 'ZooKeeper and a Java 11 or newer',
  async find() {
    const { classpath, version } = findJars();
    const { value, because } = await findProgram(java);
    const why = `${classpath.split(':')[0]}, version ${version}, run by ${because}`;
    return { value: { java: value.file, classpath }, because: why };
  },
};

function findJars(): { classpath: string; version: string } {
  for (const { directory, classpath } of places.filter((place) => existsSync(place.directory))) {
    const version = readdirSync(directory).map(versionOf).find(Boolean);
    if (version) return { classpath, version };
  }
  const looked = places.map(({ directory }) => directory).join(', ');
  throw new Unavailable(`no jars of ZooKeeper 3.5 or newer in ${looked}`);
}

/** The version in the jar's name, if it is ZooKeeper's jar and 3.5 or newer. */
const versionOf = (file: string) => /^zookeeper-(3\.(?:[5-9]|\d\d)\.\d+)\.jar$/.exec(file)?.[1];

const onMachine = [
  installed(zookeeper),
  apt(['libzookeeper-java', 'default-jre-headless'], zookeeper),
  homebrew('zookeeper', zookeeper),
];

export const provideZookeeper = once(() =>
  meetNeed<{ url: string } | { image: string } | Jars>('ZooKeeper', [
    urlFromEnvironment('ZOOKEEPER_HOSTS'),
    ...onMachine,
    docker('zookeeper:3.9.3'),
  ]),
);

/** For members that have to reach each other: not in a container. */
export const provideZookeeperJars = once(() => meetNeed('ZooKeeper as jars', onMachine));
