import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { meetNeed, once, Unavailable, type Found, type Way } from './meet-need.js';
import { findProgram, homebrewPlaces, type Program, type Sought } from './program.js';
import { apt } from './ways/apt.js';
import { docker } from './ways/docker.js';
import { urlFromEnvironment } from './ways/environment.js';
import { homebrew } from './ways/homebrew.js';
import { installed } from './ways/installed.js';
import { mavenJars } from './ways/maven.js';
import type { Jars } from './zookeeper.js';

const version = '5.0.6';
const artifact = { group: 'org.apache.cassandra', name: 'cassandra-all', version };

/** It needs what Java 18 has taken away. */
const java: Program = {
  names: ['java'],
  places: [
    '/usr/lib/jvm/java-17*/bin',
    '/usr/lib/jvm/temurin-17*/bin',
    '/opt/homebrew/opt/openjdk@17/bin',
    '/usr/local/opt/openjdk@17/bin',
  ],
  versionArgs: ['--version'],
  minimum: { major: 11, minor: 0 },
  maximum: { major: 17 },
};

const mvn: Program = {
  names: ['mvn'],
  places: homebrewPlaces,
  versionArgs: ['--version'],
  minimum: { major: 3, minor: 6 },
};

/** Its start script lies in its home's `bin`. */
const homesOnPath = (process.env.PATH ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'cassandra'))
  .filter((script) => existsSync(script))
  .map((script) => dirname(dirname(realpathSync(script))));

const homes = [
  process.env.CASSANDRA_HOME,
  ...homesOnPath,
  '/opt/cassandra',
  '/usr/share/cassandra',
  '/opt/homebrew/opt/cassandra/libexec',
  '/usr/local/opt/cassandra/libexec',
  '/home/linuxbrew/.linuxbrew/opt/cassandra/libexec',
].filter((home) => home !== undefined);

const onMachine: Sought<Jars> = {
  name: 'Cassandra 4.1 or 5.0, in CASSANDRA_HOME or with its bin, and a Java 11 or 17',
  async find() {
    for (const home of homes) {
      const places = [join(home, 'lib'), home];
      const found = places
        .filter(existsSync)
        .flatMap((place) => readdirSync(place).map(versionOf))
        .find(Boolean);
      if (found) return run(places, `${home}, version ${found}`);
    }
    throw new Unavailable(`no jars of Cassandra 4.1 or 5.0 in ${homes.join(', ')}`);
  },
};

/** The version in the jar's name, if it is Cassandra's and has the Paxos that is asked for here. */
const versionOf = (file: string) => /^apache-cassandra-((?:4\.1|5\.0)\.\d+)\.jar$/.exec(file)?.[1];

const byMaven: Sought<Jars> = {
  name: 'a Java 11 or 17, and Maven',
  async find() {
    await findProgram(java); // before anything is downloaded
    const directory = await mavenJars((await findProgram(mvn)).value.file, artifact);
    return run([directory], `${directory}, by Maven`);
  },
};

async function run(places: readonly string[], jars: string): Promise<Found<Jars>> {
  const { value, because } = await findProgram(java);
  const classpath = places.map((place) => `${place}/*`).join(':');
  return { value: { java: value.file, classpath }, because: `${jars}, run by ${because}` };
}

const maven: Way<Jars> = {
  name: 'maven',
  advice: `install a Java 11 or 17 and Maven, which then downloads ${artifact.group}:${artifact.name}:${version}`,
  find: () => byMaven.find(),
};

const asJars = [
  installed(onMachine),
  homebrew('cassandra', onMachine),
  maven,
  apt(['openjdk-17-jre-headless', 'maven'], byMaven),
];

export const provideCassandra = once(() =>
  meetNeed<{ url: string } | { image: string } | Jars>('Cassandra', [
    urlFromEnvironment('CASSANDRA_CONTACT_POINTS'),
    ...asJars,
    docker(`cassandra:${version}`),
  ]),
);

/** For nodes that have to reach each other: not in a container. */
export const provideCassandraJars = once(() => meetNeed('Cassandra as jars', asJars));
